# SPDX-License-Identifier: Apache-2.0
"""The four objectives on a supernet, with batch statistics and raw pixels (method §2, §3)."""

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from .attack import attack_loss
from .hypergradient import Objectives

# Mean and standard deviation (darts-family §4, §5.5).
STATISTICS = {
    "cifar10": (
        (0.49139968, 0.48215827, 0.44653124),
        (0.24703233, 0.24348505, 0.26158768),
    ),
    "cifar100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
}
REWEIGHTINGS = {
    "delta": lambda delta: delta,
    "abs": torch.abs,
    "one_plus_abs": lambda delta: 1.0 + delta.abs(),
}


def weights_of(delta, reweight, normalization="none", epsilon=8 / 255):
    """The weight of each pixel (method §2.1, §4.1), image by image of mean 1 with unit_mean."""
    if reweight == "mask":
        return (delta.detach().abs() >= 0.999 * epsilon).to(delta.dtype)
    weight = REWEIGHTINGS[reweight](delta)
    if normalization == "unit_mean":
        weight = weight / weight.abs().mean(dim=(1, 2, 3), keepdim=True)
    return weight


def with_batch_statistics(model):
    """A copy whose batch norms always use the batch and keep no running statistics."""
    model = copy.deepcopy(model).train()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = layer.num_batches_tracked = None
    return model


@dataclass
class Batches:
    """Raw pixels in [0, 1] and labels of the training and of the validation batch."""

    x_train: torch.Tensor
    y_train: torch.Tensor
    x_val: torch.Tensor
    y_val: torch.Tensor


def normaliser(dataset, like):
    """x → (x - mean) / std of a data set; the identity for None."""
    if dataset is None:
        return lambda x: x
    mean, std = (like.new_tensor(v).view(1, 3, 1, 1) for v in STATISTICS[dataset])
    return lambda x: (x - mean) / std


def classifier(model, dataset, like):
    """f(x, weights, arch) of raw pixels."""
    model = with_batch_statistics(model)
    normalise = normaliser(dataset, like)
    return lambda x, weights, arch: functional_call(model, weights, (normalise(x), arch))


def objectives(
    f,
    batches,
    loss="soft",
    detach_target=False,
    reweight="delta",
    reduction="mean",
    normalization="none",
):
    """T, G, S, V on one classifier: T and V means, G a sum, S a mean or a sum (method §3)."""
    b = batches

    def weigh(delta):
        return weights_of(delta, reweight, normalization)

    return Objectives(
        train=lambda w, a: F.cross_entropy(f(b.x_train, w, a), b.y_train),
        attack=lambda delta, w, a: attack_loss(
            f(b.x_train + delta, w, a), f(b.x_train, w, a), b.y_train, loss, detach_target
        ),
        reweighted=lambda w, delta, a: F.cross_entropy(
            f(weigh(delta) * b.x_train, w, a), b.y_train, reduction=reduction
        ),
        validation=lambda w, a: F.cross_entropy(f(b.x_val, w, a), b.y_val),
    )
