#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the house rules of docs/architecture.md that can be read off the sources.

- A layer includes only itself, the layers that the table gives it, and what those may use.
- What lies in include/ is for users: a program, an example, a page of docs/ or a test of the
  package includes it, or a header that one of these includes does. The rest belongs in src/.
- The programs, which show the library in use, include public headers only; sanas_probe, an instrument
  of the tests, may include any.
- The first line of every source is the licence.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENCE = "// SPDX-License-Identifier: Apache-2.0"
INCLUDE = re.compile(r'^\s*#include (?:"|<(?=sanas/))(sanas/)?([a-z]+)/([a-z0-9_/]+\.h)[">]', re.MULTILINE)
SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}

# The table of docs/architecture.md: what a layer names, it may use, and what that may use.
USES = {
    "core": [],
    "files": ["core"],
    "formats": ["files"],
    "genotype": ["core"],
    "attack": ["core"],
    "data": ["files"],
    "optim": ["core"],
    "kernels": ["core"],
    "nn": ["genotype", "kernels"],
    "supernet": ["nn"],
    "train": ["attack", "data", "nn", "optim"],
    "search": ["supernet", "attack", "data", "optim"],
    "saliency": ["attack", "data", "nn"],
    "config": ["formats", "data", "supernet", "search", "train"],
    "setup": ["config"],
    "checkpoint": ["setup", "formats", "saliency"],
    "report": ["config", "formats", "genotype", "saliency", "train"],
    "runs": ["checkpoint", "report", "setup"],
}


def may_use(layer: str) -> set[str]:
    """The layer, those that it names, and theirs."""
    return {layer}.union(*(may_use(used) for used in USES[layer]))


def sources(folder: str, suffixes: set[str]) -> list[pathlib.Path]:
    return sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in suffixes)


def check_graph() -> list[str]:
    faults = []
    for top in ("include/sanas", "src"):
        for path in sources(top, SUFFIXES):
            layer = path.relative_to(ROOT / top).parts[0]
            name = path.relative_to(ROOT)
            if layer not in USES:
                faults.append(f"{name}: '{layer}' is no layer")
                continue
            allowed = may_use(layer)
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if match and match[2] not in allowed:
                    faults.append(f"{name}:{number}: {layer} may not use {match[2]}")
                if match and top != "src" and not match[1]:
                    faults.append(f"{name}:{number}: a public header includes a private one")
    return faults


def check_public() -> list[str]:
    """Headers in include/ that no user can need."""
    included = {}
    for path in sources("include", {".h"}):
        text = path.read_text(encoding="utf-8")
        included[str(path.relative_to(ROOT / "include"))] = public_includes(text)
    pending = set()
    users = programs() + sources("tests/package", SUFFIXES) + sources("docs", {".md"})
    for path in [*users, ROOT / "README.md"]:
        pending |= public_includes(path.read_text(encoding="utf-8"))
    used = set()
    while pending:
        name = pending.pop()
        if name in included and name not in used:
            used.add(name)
            pending |= included[name]
    return [f"include/{name}: only src/ uses it, so it belongs there" for name in included
            if name not in used]


def programs() -> list[pathlib.Path]:
    """The sources of the programs that are for users."""
    return [path for path in sources("apps", SUFFIXES) if "probe" not in path.parts]


def check_programs() -> list[str]:
    faults = []
    for path in programs():
        for public, layer, rest in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if not public and (ROOT / "src" / layer / rest).exists():
                faults.append(f"{path.relative_to(ROOT)}: {layer}/{rest} is not public")
    return faults


def public_includes(text: str) -> set[str]:
    return {f"sanas/{layer}/{rest}" for public, layer, rest in INCLUDE.findall(text) if public}


def check_licences() -> list[str]:
    faults = []
    for folder in ("include", "src", "apps", "tests"):
        for path in sources(folder, SUFFIXES):
            if not path.read_text(encoding="utf-8").startswith(LICENCE + "\n"):
                faults.append(f"{path.relative_to(ROOT)}:1: the first line has to be '{LICENCE}'")
    return faults


def main() -> int:
    faults = check_graph() + check_public() + check_programs() + check_licences()
    print("\n".join(faults) if faults else "layers: clean")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
