# SPDX-License-Identifier: Apache-2.0
"""The PC-DARTS search network: partial channels and edge normalisation (darts-family §8)."""

import torch
from torch.nn import functional as F

from .darts import NODE_OFFSETS, MixedEdge, SearchCell, SearchNetwork
from .spaces import SPACES


def channel_shuffle(y, groups):
    """out[j K + g] = y[g (C / K) + j]."""
    n, c, h, w = y.shape
    return y.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class PartialEdge(MixedEdge):
    """Operations on the first C / K channels; the others pass by; then a shuffle."""

    def __init__(self, names, channels, stride, partition):
        super().__init__(names, channels // partition, stride)
        self.partition = partition

    def forward(self, x, weights):
        split = x.shape[1] // self.partition
        mixed = super().forward(x[:, :split], weights)
        bypassed = x[:, split:]
        if mixed.shape[2] != x.shape[2]:
            bypassed = F.max_pool2d(bypassed, 2, 2)
        return channel_shuffle(torch.cat([mixed, bypassed], dim=1), self.partition)


def node_softmax(betas):
    """The softmax of the betas over the incoming edges of each node (§8.2)."""
    ends = NODE_OFFSETS[1:] + (betas.shape[-1],)
    return torch.cat(
        [
            torch.softmax(betas[..., begin:end], dim=-1)
            for begin, end in zip(NODE_OFFSETS, ends)
        ],
        dim=-1,
    )


class PcDarts(SearchNetwork):
    """PC-DARTS with K = 4 on CIFAR and K = 2 with the ImageNet stems."""

    arch_names = ("alphas_normal", "alphas_reduce", "betas_normal", "betas_reduce")

    def __init__(self, channels, classes, layers, partition=4, imagenet=False, space="darts"):
        names = SPACES[space]

        def cell(c_pp, c_p, c_c, reduction, reduction_prev):
            edge_names = names.reduce if reduction else names.normal
            return SearchCell(
                c_pp,
                c_p,
                c_c,
                reduction,
                reduction_prev,
                lambda e, width, stride: PartialEdge(edge_names[e], width, stride, partition),
            )

        super().__init__(channels, classes, layers, cell, imagenet)

    def cell_weights(self, arch, reduction):
        betas = arch["betas_reduce" if reduction else "betas_normal"]
        return super().cell_weights(arch, reduction) + (node_softmax(betas),)
