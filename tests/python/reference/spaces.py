# SPDX-License-Identifier: Apache-2.0
"""The search spaces S1–S4 and the DARTS space: operation names per edge (method §10)."""

from typing import NamedTuple, Tuple

from .operations import PRIMITIVES

EDGES = 14
_S = "skip_connect"
_M, _A = "max_pool_3x3", "avg_pool_3x3"
_C3, _D3, _D5 = "sep_conv_3x3", "dil_conv_3x3", "dil_conv_5x5"


class Space(NamedTuple):
    """Per cell type a list of 14 edges, each a list of operation names (= alpha columns)."""

    normal: Tuple[Tuple[str, ...], ...]
    reduce: Tuple[Tuple[str, ...], ...]


def _uniform(*names):
    return Space((names,) * EDGES, (names,) * EDGES)


SPACES = {
    "darts": _uniform(*PRIMITIVES),
    "s1": Space(
        (
            (_S, _D3),
            (_S, _D5),
            (_S, _D5),
            (_S, _C3),
            (_S, _D3),
            (_M, _S),
            (_S, _C3),
            (_S, _C3),
            (_S, _D3),
            (_S, _C3),
            (_M, _S),
            (_S, _D3),
            (_D3, _D5),
            (_D3, _D5),
        ),
        (
            (_M, _A),
            (_M, _D3),
            (_M, _A),
            (_M, _A),
            (_S, _D5),
            (_M, _A),
            (_M, _C3),
            (_S, _D3),
            (_S, _D5),
            (_M, _A),
            (_M, _A),
            (_S, _D5),
            (_S, _D5),
            (_S, _D5),
        ),
    ),
    "s2": _uniform(_S, _C3),
    "s3": _uniform("none", _S, _C3),
    "s4": _uniform("noise", _C3),
}
