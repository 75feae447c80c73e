# SPDX-License-Identifier: Apache-2.0
"""The candidate operations and building blocks (darts-family §1, noise: method §10)."""

import torch
from torch import nn
from torch.nn import functional as F

PRIMITIVES = (
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)


def batch_norm(channels, affine, track=True):
    """eps 1e-5, momentum 0.1; in PR-DARTS cells without running statistics (§9.1)."""
    return nn.BatchNorm2d(channels, affine=affine, track_running_stats=track)


class ReLUConvBN(nn.Module):
    """ReLU, k×k convolution, batch norm: Cin → Cout."""

    def __init__(self, c_in, c_out, kernel=1, stride=1, padding=0, affine=True, track=True):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(c_in, c_out, kernel, stride, padding, bias=False),
            batch_norm(c_out, affine, track),
        )

    def forward(self, x):
        return self.op(x)


class SepConv(nn.Module):
    """Two depthwise-separable stages; the first has the stride and keeps Cin channels."""

    def __init__(self, c_in, c_out, kernel, stride, padding, affine=True, track=True):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(c_in, c_in, kernel, stride, padding, groups=c_in, bias=False),
            nn.Conv2d(c_in, c_in, 1, bias=False),
            batch_norm(c_in, affine, track),
            nn.ReLU(),
            nn.Conv2d(c_in, c_in, kernel, 1, padding, groups=c_in, bias=False),
            nn.Conv2d(c_in, c_out, 1, bias=False),
            batch_norm(c_out, affine, track),
        )

    def forward(self, x):
        return self.op(x)


class DilConv(nn.Module):
    """One dilated depthwise-separable stage."""

    def __init__(self, c_in, c_out, kernel, stride, padding, dilation, affine=True, track=True):
        super().__init__()
        self.op = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(
                c_in, c_in, kernel, stride, padding, dilation, groups=c_in, bias=False
            ),
            nn.Conv2d(c_in, c_out, 1, bias=False),
            batch_norm(c_out, affine, track),
        )

    def forward(self, x):
        return self.op(x)


class FactorizedReduce(nn.Module):
    """Halves the size with two shifted 1×1 convolutions; `pad` is the PR-DARTS form (§9.1)."""

    def __init__(self, c_in, c_out, affine=True, track=True, pad=False):
        super().__init__()
        if c_out % 2:
            raise ValueError(f"FactorizedReduce needs an even number of channels, not {c_out}")
        self.pad = pad
        self.relu = nn.ReLU()
        self.conv_1 = nn.Conv2d(c_in, c_out // 2, 1, 2, bias=False)
        self.conv_2 = nn.Conv2d(c_in, c_out // 2, 1, 2, bias=False)
        self.bn = batch_norm(c_out, affine, track)

    def forward(self, x):
        x = self.relu(x)
        shifted = F.pad(x, (0, 1, 0, 1)) if self.pad else x
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(shifted[:, :, 1:, 1:])], dim=1))


class Zero(nn.Module):
    """`none`: the strided input times zero."""

    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return x[:, :, :: self.stride, :: self.stride] * 0.0


class ConstantZero(nn.Module):
    """`none` of P-DARTS: a constant of size floor(H / stride) without a link to the input."""

    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        n, c, h, w = x.shape
        return x.new_zeros(n, c, h // self.stride, w // self.stride)


class Noise(nn.Module):
    """`noise` of space S4: standard normal values of the strided shape (method §10)."""

    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return torch.randn_like(x[:, :, :: self.stride, :: self.stride])


def _conv_7x1_1x7(channels, stride, affine, track):
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, channels, (1, 7), (1, stride), (0, 3), bias=False),
        nn.Conv2d(channels, channels, (7, 1), (stride, 1), (3, 0), bias=False),
        batch_norm(channels, affine, track),
    )


def make_operation(name, channels, stride, affine, track=True, pad=False):
    """The module of primitive `name`, C → C. Pools come without batch norm."""
    if name == "none":
        return Zero(stride)
    if name == "noise":
        return Noise(stride)
    if name == "max_pool_3x3":
        return nn.MaxPool2d(3, stride, padding=1)
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride, padding=1, count_include_pad=False)
    if name == "skip_connect":
        if stride == 1:
            return nn.Identity()
        return FactorizedReduce(channels, channels, affine, track, pad)
    if name == "conv_7x1_1x7":
        return _conv_7x1_1x7(channels, stride, affine, track)
    family, kernel = name.rsplit("_", 1)
    size = int(kernel.split("x")[0])
    if family == "sep_conv":
        return SepConv(channels, channels, size, stride, size // 2, affine, track)
    if family == "dil_conv":
        return DilConv(channels, channels, size, stride, size - 1, 2, affine, track)
    raise ValueError(f"unknown primitive {name}")


def make_candidate(name, channels, stride):
    """A candidate of a search network: no affine; pools with a batch norm (§1)."""
    operation = make_operation(name, channels, stride, affine=False)
    if "pool" in name:
        return nn.Sequential(operation, batch_norm(channels, affine=False))
    return operation
