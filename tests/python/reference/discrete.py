# SPDX-License-Identifier: Apache-2.0
"""Discrete networks from a genotype, CIFAR and ImageNet (darts-family §5)."""

import torch
from torch import nn

from .darts import cifar_stem, imagenet_stems, preprocessing, reduction_cells
from .operations import batch_norm, make_operation


def drop_path(x, probability):
    """Divide by 1 - p, then drop whole examples (§5.4)."""
    keep = 1.0 - probability
    mask = x.new_empty(x.shape[0], 1, 1, 1).bernoulli_(keep)
    return x / keep * mask


class DiscreteCell(nn.Module):
    """A cell with two chosen operations per node (§5.1)."""

    def __init__(self, genotype, c_pp, c_p, channels, reduction, reduction_prev):
        super().__init__()
        self.preprocess0, self.preprocess1 = preprocessing(
            c_pp, c_p, channels, reduction_prev, affine=True
        )
        self.chosen = genotype.reduce if reduction else genotype.normal
        self.concat = genotype.reduce_concat if reduction else genotype.normal_concat
        self._ops = nn.ModuleList(
            make_operation(name, channels, 2 if reduction and source < 2 else 1, affine=True)
            for name, source in self.chosen
        )

    def forward(self, s0, s1, drop_probability):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for t in range(0, len(self.chosen), 2):
            values = []
            for (_, source), op in zip(self.chosen[t : t + 2], self._ops[t : t + 2]):
                value = op(states[source])
                if self.training and drop_probability > 0 and not isinstance(op, nn.Identity):
                    value = drop_path(value, drop_probability)
                values.append(value)
            states.append(values[0] + values[1])
        return torch.cat([states[i] for i in self.concat], dim=1)


class AuxiliaryHead(nn.Module):
    """The head after the second reduction cell; stride 3 on CIFAR, 2 on ImageNet (§5.2, §5.3)."""

    def __init__(self, channels, classes, stride, second_norm):
        super().__init__()
        layers = [
            nn.ReLU(inplace=True),
            nn.AvgPool2d(5, stride, padding=0, count_include_pad=False),
            nn.Conv2d(channels, 128, 1, bias=False),
            batch_norm(128, True),
            nn.ReLU(inplace=True),
            nn.Conv2d(128, 768, 2, bias=False),
            batch_norm(768, True) if second_norm else nn.Identity(),
            nn.ReLU(inplace=True),
        ]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(768, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class DiscreteNetwork(nn.Module):
    """`forward` gives (logits, auxiliary logits or None); `drop_path` is the probability."""

    def __init__(
        self,
        genotype,
        channels,
        classes,
        layers,
        imagenet=False,
        auxiliary=True,
        second_auxiliary_norm=False,
    ):
        super().__init__()
        self.imagenet, self.drop_path = imagenet, 0.0
        stem_channels = channels if imagenet else 3 * channels
        if imagenet:
            self.stem0, self.stem1 = imagenet_stems(stem_channels)
        else:
            self.stem = cifar_stem(stem_channels)
        self.auxiliary_cell = 2 * layers // 3
        c_pp, c_p, c_c = stem_channels, stem_channels, channels
        reduction_prev = imagenet
        self.cells = nn.ModuleList()
        for i in range(layers):
            reduction = i in reduction_cells(layers)
            c_c = 2 * c_c if reduction else c_c
            cell = DiscreteCell(genotype, c_pp, c_p, c_c, reduction, reduction_prev)
            self.cells.append(cell)
            c_pp, c_p, reduction_prev = c_p, len(cell.concat) * c_c, reduction
            if i == self.auxiliary_cell:
                auxiliary_channels = c_p
        self.auxiliary_head = None
        if auxiliary:
            self.auxiliary_head = AuxiliaryHead(
                auxiliary_channels,
                classes,
                stride=2 if imagenet else 3,
                second_norm=second_auxiliary_norm or not imagenet,
            )
        self.global_pooling = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(c_p, classes)

    def forward(self, x):
        if self.imagenet:
            s0 = self.stem0(x)
            s1 = self.stem1(s0)
        else:
            s0 = s1 = self.stem(x)
        auxiliary = None
        for i, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1, self.drop_path)
            if i == self.auxiliary_cell and self.training and self.auxiliary_head is not None:
                auxiliary = self.auxiliary_head(s1)
        return self.classifier(self.global_pooling(s1).flatten(1)), auxiliary
