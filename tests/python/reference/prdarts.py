# SPDX-License-Identifier: Apache-2.0
"""The PR-DARTS search network: sampled gates and the path regulariser (darts-family §9)."""

import math
from dataclasses import dataclass
from typing import Optional

import torch
from torch import nn

from .darts import NODE_OFFSETS, NODES, SOURCES, SearchNetwork, preprocessing
from .operations import batch_norm, make_operation

STRETCH_LOW, STRETCH_HIGH = -0.1, 1.1
# The order of the space (§9.1), by the names of the evaluation operations (§9.5).
PRIMITIVES = (
    "none",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
    "avg_pool_3x3",
    "max_pool_3x3",
)
NONE, SKIP, POOLS = 0, 1, (6, 7)
CONVS = (2, 3, 4, 5)
CHAIN_EDGES = (1, 4, 8, 13)  # the longest chain: node0<-1, node1<-node0, …


@dataclass
class GateNoise:
    """The random draws of one sample of the gates, for both cell types."""

    uniform_normal: torch.Tensor
    uniform_reduce: torch.Tensor
    drop_normal: Optional[torch.Tensor] = None  # 1 where dropped
    drop_reduce: Optional[torch.Tensor] = None
    permutation: Optional[torch.Tensor] = None  # of the columns, the same for all rows


def gate(alphas, uniform, temperature):
    """The stretched hard-concrete gate p in [0, 1] (§9.2)."""
    s = (alphas + torch.log(uniform) - torch.log1p(-uniform)) / temperature
    return torch.clamp(torch.sigmoid(s) * (STRETCH_HIGH - STRETCH_LOW) + STRETCH_LOW, 0.0, 1.0)


def top_two(scores, permutation):
    """The 0/1 mask of the two largest columns, in the order of topk on the permuted table."""
    chosen = permutation[torch.topk(scores[:, permutation], 2, dim=-1).indices]
    return torch.zeros_like(scores).scatter(1, chosen, 1.0)


def sample_mask(alphas, uniform, drop, permutation, temperature):
    """(mask, weights): two operations per edge; weights M - stop(p) + p (§9.2)."""
    p = gate(alphas, uniform, temperature)
    mask = top_two((p - drop).detach(), permutation)
    return mask, mask - p.detach() + p


def open_probability(alphas, temperature):
    """q: the probability that the gate is not zero (§9.3)."""
    return torch.sigmoid(alphas - temperature * math.log(-STRETCH_LOW / STRETCH_HIGH))


def _group_mean(q, mask, columns):
    selected = mask[:, columns]
    count = selected.sum()
    return (q[:, columns] * selected).sum() / count if count > 0 else q.new_zeros(())


def _chain(q, mask):
    """The product over the chain's edges of the mean q of their selected convs."""
    product = None
    for e in CHAIN_EDGES:
        selected = mask[e, list(CONVS)]
        if selected.sum() == 0:
            continue
        mean = (q[e, list(CONVS)] * selected).sum() / selected.sum()
        product = mean if product is None else product * mean
    return q.new_zeros(()) if product is None else product


def regulariser(arch, masks, temperature, lambdas=(0.01, 0.005, 0.005), threshold=0.2):
    """R = l1 S + l2 (Cn + Pl) - l3 D on the selected entries (§9.3); masks = (normal, reduce)."""
    qs = [open_probability(arch[f"alphas_{kind}"], temperature) for kind in ("normal", "reduce")]

    def hinged(columns):
        mean = sum(0.5 * _group_mean(q, m, list(columns)) for q, m in zip(qs, masks))
        return torch.clamp(mean - threshold, min=0.0)

    skip, pool = hinged((SKIP,)), hinged(POOLS)
    conv = hinged((NONE,) + CONVS)
    depth = sum(0.5 * _chain(q, m) for q, m in zip(qs, masks))
    return lambdas[0] * skip + lambdas[1] * (conv + pool) - lambdas[2] * depth


class GatedEdge(nn.Module):
    """The sum of the selected candidates, each times its gate (§9.2)."""

    def __init__(self, channels, stride):
        super().__init__()
        self._ops = nn.ModuleList(
            make_operation(name, channels, stride, affine=False, track=False, pad=True)
            for name in PRIMITIVES
        )

    def forward(self, x, mask, weights):
        return sum(
            op(x) * weight for op, on, weight in zip(self._ops, mask, weights) if on != 0
        )


class GatedCell(nn.Module):
    """A cell whose edges are named node<-source (§1)."""

    def __init__(self, c_pp, c_p, channels, reduction, reduction_prev):
        super().__init__()
        self.reduction = reduction
        self.preprocess0, self.preprocess1 = preprocessing(
            c_pp, c_p, channels, reduction_prev, affine=False, track=False, pad=True
        )
        self.edges = nn.ModuleDict()
        for node, offset in enumerate(NODE_OFFSETS):
            for source in SOURCES[offset : offset + node + 2]:
                stride = 2 if reduction and source < 2 else 1
                self.edges[f"{node}<-{source}"] = GatedEdge(channels, stride)

    def forward(self, s0, s1, mask, weights):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for node, offset in enumerate(NODE_OFFSETS):
            states.append(
                sum(
                    self.edges[f"{node}<-{source}"](
                        states[source], mask[offset + source], weights[offset + source]
                    )
                    for source in range(node + 2)
                )
            )
        return torch.cat(states[-NODES:], dim=1)


class PrDarts(SearchNetwork):
    """PR-DARTS; `noise` and `temperature` are set before a forward and shared by all cells."""

    def __init__(self, channels, classes, layers=6):
        super().__init__(channels, classes, layers, GatedCell)
        self.noise = None
        self.temperature = 1.0

    def add_head(self, channels, classes):
        self.lastact = nn.Sequential(batch_norm(channels, True), nn.ReLU())
        super().add_head(channels, classes)

    def sample(self, arch):
        """{kind: (mask, weights)} from the scripted noise."""
        noise, result = self.noise, {}
        for kind in ("normal", "reduce"):
            alphas = arch[f"alphas_{kind}"]
            drop = getattr(noise, f"drop_{kind}")
            permutation = noise.permutation
            result[kind] = sample_mask(
                alphas,
                getattr(noise, f"uniform_{kind}"),
                torch.zeros_like(alphas) if drop is None else drop,
                torch.arange(alphas.shape[1]) if permutation is None else permutation,
                self.temperature,
            )
        return result

    def forward(self, x, arch):
        gates = self.sample(arch)
        s0 = s1 = self.stem(x)
        for cell in self.cells:
            s0, s1 = s1, cell(s0, s1, *gates["reduce" if cell.reduction else "normal"])
        return self.classifier(self.global_pooling(self.lastact(s1)).flatten(1))
