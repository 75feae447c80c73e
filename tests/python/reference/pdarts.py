# SPDX-License-Identifier: Apache-2.0
"""The P-DARTS search network of one stage (darts-family §7)."""

from torch import nn

from .darts import SearchCell, SearchNetwork
from .operations import PRIMITIVES, ConstantZero, make_candidate
from .spaces import EDGES

ALL_ON = ((True,) * len(PRIMITIVES),) * EDGES


def switches_from_digits(text):
    """Per edge the switched-on primitives, e.g. '034 037' gives two rows of 8 booleans."""
    return tuple(
        tuple(str(k) in digits for k in range(len(PRIMITIVES))) for digits in text.split()
    )


class SwitchedEdge(nn.Module):
    """The weighted sum of the switched-on candidates; a stride-1 skip may have a dropout (§7.3)."""

    def __init__(self, switches, channels, stride, skip_dropout):
        super().__init__()
        self.m_ops = nn.ModuleList()
        for name, on in zip(PRIMITIVES, switches):
            if not on:
                continue
            op = ConstantZero(stride) if name == "none" else make_candidate(name, channels, stride)
            if isinstance(op, nn.Identity) and skip_dropout > 0:
                op = nn.Sequential(op, nn.Dropout(skip_dropout))
            self.m_ops.append(op)

    def forward(self, x, weights):
        return sum(weight * op(x) for weight, op in zip(weights, self.m_ops))


class PDarts(SearchNetwork):
    """One stage of P-DARTS; alpha column c belongs to the c-th switched-on primitive of an edge."""

    def __init__(
        self,
        channels,
        classes,
        layers,
        switches_normal=ALL_ON,
        switches_reduce=ALL_ON,
        skip_dropout=0.0,
    ):
        def cell(c_pp, c_p, c_c, reduction, reduction_prev):
            switches = switches_reduce if reduction else switches_normal
            return SearchCell(
                c_pp,
                c_p,
                c_c,
                reduction,
                reduction_prev,
                lambda e, width, stride: SwitchedEdge(switches[e], width, stride, skip_dropout),
                "cell_ops",
            )

        super().__init__(channels, classes, layers, cell)
