# SPDX-License-Identifier: Apache-2.0
"""The toy of method §3.4: a matrix product, a softmax over two gates, three examples."""

import torch
from torch.nn import functional as F

from .fill import toy_wave
from .hypergradient import Objectives, Point, VirtualStep

VARIANTS = ("soft", "soft_detached", "label")


def toy(variant):
    """(objectives, point) of the toy for one of `VARIANTS`."""
    x, x_val = toy_wave((3, 4), 1, 1.0), toy_wave((2, 4), 2, 1.0)
    labels, labels_val = torch.tensor([0, 1, 2]), torch.tensor([2, 0])

    def logits(inputs, weights, arch):
        u = inputs @ weights["w"].T
        s = torch.softmax(arch["a"], dim=0)
        return s[0] * u + s[1] * torch.tanh(u)

    def attack(delta, weights, arch):
        perturbed = F.log_softmax(logits(x + delta, weights, arch), dim=1)
        if variant == "label":
            return F.nll_loss(perturbed, labels, reduction="sum")
        target = torch.softmax(logits(x, weights, arch), dim=1)
        if variant == "soft_detached":
            target = target.detach()
        return -(target * perturbed).sum()

    def mean(inputs, targets):
        return lambda w, a: F.cross_entropy(logits(inputs, w, a), targets)

    objectives = Objectives(
        train=mean(x, labels),
        attack=attack,
        reweighted=lambda w, delta, a: F.cross_entropy(
            logits(delta * x, w, a), labels, reduction="sum"
        ),
        validation=mean(x_val, labels_val),
    )
    point = Point(
        weights1={"w": toy_wave((3, 4), 3, 0.5)},
        weights2={"w": toy_wave((3, 4), 4, 0.5)},
        arch={"a": torch.tensor([0.2, -0.1], dtype=torch.float64)},
        delta=toy_wave((3, 4), 5, 0.1),
        step1=VirtualStep(0.1),
        step2=VirtualStep(0.3),
        delta_step_size=0.2,
        gamma=0.5,
    )
    return objectives, point
