# SPDX-License-Identifier: Apache-2.0
"""The deterministic fill rules behind the golden numbers (darts-family §13, method §3.4)."""

import math

import torch
from torch import nn


def _phase(count, t):
    index = torch.arange(1, count + 1, dtype=torch.float64)
    return torch.sin(0.7 * index + 0.3 * t)


def fill_parameters(module, skip=()):
    """Fill all parameters of `module` in registration order (darts-family §13).

    Parameters whose full name is in `skip` (the alphas) are left out and do not advance `t`.
    Running statistics are reset to mean 0, variance 1.
    """
    batch_norm_gammas = {
        f"{name}.weight" if name else "weight"
        for name, child in module.named_modules()
        if isinstance(child, nn.BatchNorm2d)
    }
    t = 0
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name in skip:
                continue
            t += 1
            wave = _phase(parameter.numel(), t).reshape(parameter.shape)
            if parameter.dim() >= 2:
                wave = wave / math.sqrt(parameter[0].numel())
            elif name in batch_norm_gammas:
                wave = 1.0 + 0.5 * wave
            else:
                wave = 0.5 * wave
            parameter.copy_(wave)
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.zero_()
            elif name.endswith("running_var"):
                buffer.fill_(1.0)
    return module


def input_wave(shape, phi=0.0):
    """The input rule of darts-family §13: sin(0.11 i + phi) + 0.5 cos(0.023 i), i from 1."""
    index = torch.arange(1, math.prod(shape) + 1, dtype=torch.float64)
    return (torch.sin(0.11 * index + phi) + 0.5 * torch.cos(0.023 * index)).reshape(shape)


def chk(tensor):
    """The check sum of darts-family §13: sum of y_i sin(0.05 i), row-major, i from 1."""
    flat = tensor.detach().double().reshape(-1)
    index = torch.arange(1, flat.numel() + 1, dtype=torch.float64)
    return float((flat * torch.sin(0.05 * index)).sum())


def alpha_waves(rows=14, columns=8):
    """The alphas of darts-family §13.2 as (normal, reduce)."""
    index = torch.arange(rows * columns, dtype=torch.float64).reshape(rows, columns)
    return 0.5 * torch.sin(1.7 * index + 0.3), 0.5 * torch.cos(2.3 * index + 0.1)


def beta_waves(edges=14):
    """The betas of darts-family §13.3 as (normal, reduce)."""
    index = torch.arange(edges, dtype=torch.float64)
    return 0.5 * torch.sin(2.1 * index + 0.4), 0.5 * torch.cos(1.9 * index + 0.2)


def toy_wave(shape, t, scale):
    """The toy's fill of method §3.4: scale * sin(0.7 k + 0.3 t), row-major, k from 1."""
    return scale * _phase(math.prod(shape), t).reshape(shape)
