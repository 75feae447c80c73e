#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every folder of the library includes only itself and the folders below it.

The order is that of docs/architecture.md. Also checks the first line (licence) of every source.
"""
import pathlib
import re
import sys

LAYERS = ["core", "genotype", "nn", "supernet", "kernels", "attack", "data", "optim", "search",
          "train", "saliency", "io"]
INCLUDE = re.compile(r'^\s*#include "sanas/([a-z]+)/')
LICENCE = "// SPDX-License-Identifier: Apache-2.0"


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    faults = []
    for top in ("include/sanas", "src"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in {".h", ".cpp", ".cu", ".cuh"}:
                continue
            layer = path.relative_to(root / top).parts[0]
            name = path.relative_to(root)
            if layer not in LAYERS:
                faults.append(f"{name}: '{layer}' is no layer")
                continue
            lines = path.read_text(encoding="utf-8").splitlines()
            if not lines or lines[0] != LICENCE:
                faults.append(f"{name}:1: the first line has to be '{LICENCE}'")
            for number, line in enumerate(lines, 1):
                match = INCLUDE.match(line)
                if match and LAYERS.index(match[1]) > LAYERS.index(layer):
                    faults.append(f"{name}:{number}: {layer} may not use {match[1]}")
    print("\n".join(faults) if faults else "layers: clean")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
