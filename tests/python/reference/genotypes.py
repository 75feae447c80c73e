# SPDX-License-Identifier: Apache-2.0
"""Genotypes: the text format (darts-family §2.4) and every preset (§6)."""

import ast
import re
from typing import NamedTuple, Tuple

Pairs = Tuple[Tuple[str, int], ...]


class Genotype(NamedTuple):
    """Both cells: (operation, source) pairs, two per node, and the concatenated states."""

    normal: Pairs
    normal_concat: Tuple[int, ...]
    reduce: Pairs
    reduce_concat: Tuple[int, ...]

    def __str__(self):
        def concat(states):
            if states == tuple(range(states[0], states[-1] + 1)):
                return f"range({states[0]}, {states[-1] + 1})"
            return str(list(states))

        return (
            f"Genotype(normal={list(self.normal)}, normal_concat={concat(self.normal_concat)}, "
            f"reduce={list(self.reduce)}, reduce_concat={concat(self.reduce_concat)})"
        )


def _value(node):
    """A literal, or range(a, b) written out."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "range":
        return tuple(range(*(ast.literal_eval(argument) for argument in node.args)))
    return ast.literal_eval(node)


def parse(text):
    """A genotype from its text; range or list, single or double quotes, optional spaces."""
    call = ast.parse(text.strip(), mode="eval").body
    if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "Genotype":
        raise ValueError("not a genotype: " + text)
    values = {keyword.arg: _value(keyword.value) for keyword in call.keywords}
    return Genotype(
        tuple((str(op), int(source)) for op, source in values["normal"]),
        tuple(values["normal_concat"]),
        tuple((str(op), int(source)) for op, source in values["reduce"]),
        tuple(values["reduce_concat"]),
    )


_SHORT = {
    "none": "none",
    "max": "max_pool_3x3",
    "avg": "avg_pool_3x3",
    "skip": "skip_connect",
    "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
    "sep7": "sep_conv_7x7",
    "dil3": "dil_conv_3x3",
    "dil5": "dil_conv_5x5",
    "c71": "conv_7x1_1x7",
}


def pairs(text):
    """Pairs from a compact text such as 'sep3@1 skip@0 | max_pool_3x3@0 skip@2'."""
    found = re.findall(r"(\w+)@(\d+)", text)
    return tuple((_SHORT.get(name, name), int(source)) for name, source in found)


def _preset(normal, reduce, normal_concat=(2, 3, 4, 5), reduce_concat=(2, 3, 4, 5)):
    return Genotype(pairs(normal), normal_concat, pairs(reduce), reduce_concat)


PRESETS = {
    "NASNet": _preset(
        "sep5@1 sep3@0 | sep5@0 sep3@0 | avg@1 skip@0 | avg@0 avg@0 | sep3@1 skip@1",
        "sep5@1 sep7@0 | max@1 sep7@0 | avg@1 sep5@0 | skip@3 avg@2 | sep3@2 max@1",
        (2, 3, 4, 5, 6),
        (4, 5, 6),
    ),
    "AmoebaNet": _preset(
        "avg@0 max@1 | sep3@0 sep5@2 | sep3@0 avg@3 | sep3@1 skip@1 | skip@0 avg@1",
        "avg@0 sep3@1 | max@0 sep7@2 | sep7@0 avg@1 | max@0 max@1 | c71@0 sep3@5",
        (4, 5, 6),
        (3, 4, 6),
    ),
    "DARTS_V1": _preset(
        "sep3@1 sep3@0 | skip@0 sep3@1 | skip@0 sep3@1 | sep3@0 skip@2",
        "max@0 max@1 | skip@2 max@0 | max@0 skip@2 | skip@2 avg@0",
    ),
    "DARTS_V2": _preset(
        "sep3@0 sep3@1 | sep3@0 sep3@1 | sep3@1 skip@0 | skip@0 dil3@2",
        "max@0 max@1 | skip@2 max@1 | max@0 skip@2 | skip@2 max@1",
    ),
    "PDARTS": _preset(
        "skip@0 dil3@1 | skip@0 sep3@1 | sep3@1 sep3@3 | sep3@0 dil5@4",
        "avg@0 sep5@1 | sep3@0 dil5@2 | max@0 dil3@1 | dil3@1 dil5@3",
    ),
    "PC_DARTS_cifar": _preset(
        "sep3@1 skip@0 | sep3@0 dil3@1 | sep5@0 sep3@1 | avg@0 dil3@1",
        "sep5@1 max@0 | sep5@1 sep5@2 | sep3@0 sep3@3 | sep3@1 sep3@2",
    ),
    "PC_DARTS_image": _preset(
        "skip@1 sep3@0 | sep3@0 skip@1 | sep3@1 sep3@3 | sep3@1 dil5@4",
        "sep3@0 skip@1 | dil5@2 max@1 | sep3@2 sep3@1 | sep5@0 sep3@3",
    ),
    "PRDARTS": _preset(
        "skip@0 sep3@1 | dil3@2 sep3@0 | dil3@3 sep3@1 | dil3@4 dil3@1",
        "avg@0 dil5@1 | sep3@0 dil5@2 | sep5@1 dil3@3 | dil5@4 dil5@1",
    ),
}
ALIASES = {"DARTS": "DARTS_V2", "PCDARTS": "PC_DARTS_cifar"}
# The released P-DARTS and PR-DARTS networks have the second aux batch norm on ImageNet (§5.3).
SECOND_AUXILIARY_NORM = ("PDARTS", "PRDARTS")


def preset(name):
    """The genotype of a preset or of one of its aliases."""
    return PRESETS[ALIASES.get(name, name)]
