#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of the public headers in docs/library.md, made from each header's first comment.

Prints the table; with `--write` puts it into the page. Fails where a header has no comment right
after `#pragma once`.
"""

import re
import sys

from check_layers import ROOT, USES

PAGE = ROOT / "docs" / "library.md"
BEGIN = "<!-- Made by scripts/library_table.py --write. -->\n"
END = "<!-- End of the table. -->\n"
PURPOSE = re.compile(r"#pragma once\n\n((?://(?!/) .*\n)+)")


def purpose(header) -> str:
    """What the header says that it is for, on one line; empty if it says nothing."""
    match = PURPOSE.search(header.read_text(encoding="utf-8"))
    return " ".join(line[3:] for line in match[1].splitlines()) if match else ""


def table() -> str:
    """The table as Markdown, layer by layer from the lowest to the highest."""
    lines = ["| layer | header | what for |", "|---|---|---|"]
    for layer in USES:
        for header in sorted((ROOT / "include" / "sanas" / layer).glob("*.h")):
            text = purpose(header)
            if not text:
                sys.exit(f"{header.relative_to(ROOT)}:4: say after '#pragma once' what it is for")
            lines.append(f"| `{layer}` | `{header.name}` | {text} |")
    return "\n".join(lines) + "\n"


def page_with(new_table: str) -> str:
    """The page with this table in place of its own."""
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{PAGE.relative_to(ROOT)}: lacks the lines around the table: {BEGIN}{END}")
    return before + BEGIN + "\n" + new_table + "\n" + END + after


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page_with(table()), encoding="utf-8")
    else:
        print(table(), end="")
