# SPDX-License-Identifier: Apache-2.0
"""The DARTS search network (darts-family §2) and the frame shared by its relatives."""

import torch
from torch import nn

from .operations import FactorizedReduce, ReLUConvBN, batch_norm, make_candidate
from .spaces import SPACES

NODES = 4
NODE_OFFSETS = (0, 2, 5, 9)
SOURCES = tuple(source for node in range(NODES) for source in range(node + 2))  # of the 14 edges


def reduction_cells(layers):
    """The cells that halve the size (§2.1)."""
    return (layers // 3, 2 * layers // 3)


def preprocessing(c_pp, c_p, channels, reduction_prev, **options):
    """The two 1×1 layers in front of a cell; the first one halves after a reduction (§2.1)."""
    if reduction_prev:
        first = FactorizedReduce(c_pp, channels, **options)
    else:
        options_plain = {k: v for k, v in options.items() if k != "pad"}
        first = ReLUConvBN(c_pp, channels, **options_plain)
    options.pop("pad", None)
    return first, ReLUConvBN(c_p, channels, **options)


class MixedEdge(nn.Module):
    """The weighted sum of all candidates of one edge, accumulated left to right."""

    def __init__(self, names, channels, stride):
        super().__init__()
        self._ops = nn.ModuleList(make_candidate(name, channels, stride) for name in names)

    def forward(self, x, weights):
        return sum(weight * op(x) for weight, op in zip(weights, self._ops))


class SearchCell(nn.Module):
    """Pre-processing, 14 edges, concatenation of the four nodes (§2.1).

    `make_edge(e, channels, stride)` builds an edge; `edges_name` is the list's state-dict name.
    """

    def __init__(
        self, c_pp, c_p, channels, reduction, reduction_prev, make_edge, edges_name="_ops"
    ):
        super().__init__()
        self.reduction = reduction
        self.edges_name = edges_name
        self.preprocess0, self.preprocess1 = preprocessing(
            c_pp, c_p, channels, reduction_prev, affine=False
        )
        edges = nn.ModuleList(
            make_edge(e, channels, 2 if reduction and source < 2 else 1)
            for e, source in enumerate(SOURCES)
        )
        setattr(self, edges_name, edges)

    def forward(self, s0, s1, weights, edge_weights=None):
        edges = getattr(self, self.edges_name)
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for node, offset in enumerate(NODE_OFFSETS):
            terms = []
            for source in range(node + 2):
                e = offset + source
                term = edges[e](states[source], weights[e])
                terms.append(term if edge_weights is None else edge_weights[e] * term)
            states.append(sum(terms))
        return torch.cat(states[-NODES:], dim=1)


def imagenet_stems(channels):
    """stem0: 3 → C/2 → C at a quarter of the size, stem1: C → C at an eighth (§5.3)."""
    half = channels // 2
    stem0 = nn.Sequential(
        nn.Conv2d(3, half, 3, 2, 1, bias=False),
        batch_norm(half, True),
        nn.ReLU(inplace=True),
        nn.Conv2d(half, channels, 3, 2, 1, bias=False),
        batch_norm(channels, True),
    )
    stem1 = nn.Sequential(
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 3, 2, 1, bias=False),
        batch_norm(channels, True),
    )
    return stem0, stem1


def cifar_stem(channels):
    """The 3×3 convolution with its affine batch norm, no ReLU (§2.1)."""
    return nn.Sequential(
        nn.Conv2d(3, channels, 3, padding=1, bias=False), batch_norm(channels, True)
    )


class SearchNetwork(nn.Module):
    """Stem, cells, global average pooling, classifier; A comes in as a dictionary.

    `cell(c_pp, c_p, channels, reduction, reduction_prev)` builds a cell. `imagenet` chooses the two
    strided stems and starts as after a reduction (§8.4).
    """

    arch_names = ("alphas_normal", "alphas_reduce")

    def __init__(self, channels, classes, layers, cell, imagenet=False):
        super().__init__()
        self.imagenet = imagenet
        stem_channels = 3 * channels
        if imagenet:
            self.stem0, self.stem1 = imagenet_stems(stem_channels)
        else:
            self.stem = cifar_stem(stem_channels)
        c_pp, c_p, c_c = stem_channels, stem_channels, channels
        self.cells = nn.ModuleList()
        reduction_prev = imagenet
        for i in range(layers):
            reduction = i in reduction_cells(layers)
            c_c = 2 * c_c if reduction else c_c
            self.cells.append(cell(c_pp, c_p, c_c, reduction, reduction_prev))
            c_pp, c_p, reduction_prev = c_p, NODES * c_c, reduction
        self.add_head(c_p, classes)

    def add_head(self, channels, classes):
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, classes)

    def cell_weights(self, arch, reduction):
        """The arguments of a cell's forward after its two inputs."""
        return (torch.softmax(arch["alphas_reduce" if reduction else "alphas_normal"], dim=-1),)

    def features(self, x, arch):
        if self.imagenet:
            s0 = self.stem0(x)
            s1 = self.stem1(s0)
        else:
            s0 = s1 = self.stem(x)
        for cell in self.cells:
            s0, s1 = s1, cell(s0, s1, *self.cell_weights(arch, cell.reduction))
        return s1

    def forward(self, x, arch):
        return self.classifier(self.global_pooling(self.features(x, arch)).flatten(1))


class Darts(SearchNetwork):
    """DARTS on the DARTS space or on one of S1–S4."""

    def __init__(self, channels, classes, layers, space="darts"):
        names = SPACES[space]

        def cell(c_pp, c_p, c_c, reduction, reduction_prev):
            edge_names = names.reduce if reduction else names.normal
            return SearchCell(
                c_pp,
                c_p,
                c_c,
                reduction,
                reduction_prev,
                lambda e, channels, stride: MixedEdge(edge_names[e], channels, stride),
            )

        super().__init__(channels, classes, layers, cell)
