# SPDX-License-Identifier: Apache-2.0
"""Learning rates, dropout rates and temperatures by epoch (darts-family §4, §5, §7, §9, §12)."""

import math


def cosine(epoch, epochs, start, end=0.0):
    """lr_min + (lr0 - lr_min) (1 + cos(pi e / E)) / 2 (§4)."""
    return end + (start - end) * (1.0 + math.cos(math.pi * epoch / epochs)) / 2.0


def exponential(epoch, start, factor=0.97):
    """DARTS on ImageNet: lr0 * 0.97^e (§5.6)."""
    return start * factor**epoch


def linear(epoch, epochs, start):
    """The linear schedule with its five last epochs of §5.6."""
    left = epochs - epoch
    if left > 5:
        return start * (epochs - 5 - epoch) / (epochs - 5)
    return start * left / ((epochs - 5) * 5)


def warm_up(epoch, decayed, base=None):
    """Epochs 0–4: (e + 1) / 5 of the decayed rate (P-DARTS) or of `base` (PC-DARTS) (§5.6)."""
    if epoch >= 5:
        return decayed
    return (decayed if base is None else base) * (epoch + 1) / 5


def skip_dropout(epoch, rate, epochs=25, no_arch_epochs=10):
    """P-DARTS: r (E - e - 1) / E before epoch 10, then r exp(-0.2 (e - 10)) (§7.3)."""
    if epoch < no_arch_epochs:
        return rate * (epochs - epoch - 1) / epochs
    return rate * math.exp(-0.2 * (epoch - no_arch_epochs))


def drop_path(epoch, epochs, maximum):
    """P e / E (§5.4)."""
    return maximum * epoch / epochs


def temperature(epoch, epochs, start, end=0.1):
    """PR-DARTS: linear in the epoch (§9.4)."""
    return start - (start - end) * epoch / (epochs - 1)
