# SPDX-License-Identifier: Apache-2.0
"""Makes C++ sources of the ```cpp blocks in the pages, so that the compiler reads them.

    snippets.py OUT PAGE...

Each page with such blocks becomes one source: the includes of all its blocks, then the rest of the
blocks in order. Every block begins with the headers that it needs. An `int main()` is a whole
program: it gets a name of its own, and the `main` of all pages runs it. Sources that are the same
as before are not written again. Prints the names of all sources.
"""

import pathlib
import re
import sys

BLOCK = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(r"^#include .*\n", re.MULTILINE)
MAIN = re.compile(r"\bint main\(\)")
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


def source(page: pathlib.Path) -> tuple[str, list[str]]:
    """The page's blocks as a source, and the qualified names of its programs."""
    text = page.read_text(encoding="utf-8")
    namespace = "page_" + re.sub(r"\W", "_", page.stem.lower())
    includes, parts, programs = [], [], []
    for number, match in enumerate(BLOCK.finditer(text), 1):
        block = match[1]
        includes += INCLUDE.findall(block)
        line = text.count("\n", 0, match.start(1)) + 1
        if not block.startswith("#include"):
            sys.exit(f"{page}:{line}: a block of C++ begins with the headers that it needs")
        # Lines stay where they are, so that the compiler's messages name those of the page.
        code = INCLUDE.sub("\n", block)
        if MAIN.search(code):
            programs.append(f"{namespace}::program_{number}")
            code = MAIN.sub(f"int program_{number}()", code)
        parts.append(f'#line {line} "{page}"\n{code}')
    if not parts:
        return "", []
    head = "".join(dict.fromkeys(includes))
    return f"{LICENCE}{head}\nnamespace {namespace} {{\n{''.join(parts)}}}\n", programs


def runner(programs: list[str]) -> str:
    """A program that runs all of them, and ends with the number of those that failed."""
    declarations = "".join(
        "namespace {} {{ int {}(); }}\n".format(*name.split("::")) for name in programs
    )
    calls = "".join(f"  failures += {name}() == 0 ? 0 : 1;\n" for name in programs)
    return f"{LICENCE}{declarations}\nint main() {{\n  int failures = 0;\n{calls}  return failures;\n}}\n"


def main() -> None:
    out, *pages = map(pathlib.Path, sys.argv[1:])
    sources, programs = {}, []
    for page in pages:
        text, found = source(page)
        if text:
            sources[page.stem.lower() + ".cpp"] = text
            programs += found
    sources["main.cpp"] = runner(programs)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in sources.items():
        path = out / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
