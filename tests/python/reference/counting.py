# SPDX-License-Identifier: Apache-2.0
"""Parameters and multiply-adds, counted by forward hooks (darts-family §11)."""

import torch
from torch import nn

# Operations per element beside the multiply-adds of convolutions and linear layers: of the output,
# or for the pools of "ptflops" of the input (§11.2, §11.3).
RULES = {
    "plain": {},
    "paper": {nn.BatchNorm2d: 2, nn.ReLU: 1},
    "uninas": {nn.AvgPool2d: 1, nn.AdaptiveAvgPool2d: 1},
    "ptflops": {
        nn.BatchNorm2d: 2,
        nn.ReLU: 1,
        nn.MaxPool2d: 1,
        nn.AvgPool2d: 1,
        nn.AdaptiveAvgPool2d: 1,
    },
}
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)


def parameters(module, auxiliary=False):
    """The number of weights; the auxiliary head only with `auxiliary`."""
    return sum(
        p.numel() for name, p in module.named_parameters() if auxiliary or "auxiliary" not in name
    )


def macs(module, x, *arguments, rule="plain"):
    """Multiply-adds of one forward of `x` (batch 1, eval mode, so without the auxiliary head)."""
    total = 0

    def count(layer, inputs, output):
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            total += output.numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            total += output.shape[0] * layer.weight.numel()
        else:
            counted = inputs[0] if rule == "ptflops" and isinstance(layer, POOLS) else output
            total += RULES[rule].get(type(layer), 0) * counted.numel()

    hooks = [
        layer.register_forward_hook(count)
        for layer in module.modules()
        if not list(layer.children())
    ]
    mode = module.training
    module.eval()
    with torch.no_grad():
        module(x, *arguments)
    module.train(mode)
    for hook in hooks:
        hook.remove()
    return total
