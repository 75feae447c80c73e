# SPDX-License-Identifier: Apache-2.0
"""The batches and architecture parameters that darts-family §13.2–13.4 and §13.7 share."""

import torch
from reference.fill import alpha_waves, beta_waves, fill_parameters, input_wave

TRAIN = (input_wave((2, 3, 16, 16)), torch.tensor([1, 3]))
VALIDATION = (input_wave((2, 3, 16, 16), 1.0), torch.tensor([7, 2]))


def golden_arch(network):
    """The alphas (and betas) of §13.2 and §13.3 as leaves."""
    waves = (*alpha_waves(), *beta_waves())
    return {name: wave.requires_grad_() for name, wave in zip(network.arch_names, waves)}


def fresh(network):
    """A freshly filled search network of §13.2 and its A."""
    model = fill_parameters(network(4, 10, 5)).train()
    return model, golden_arch(network)


def detached(arch):
    """The values of A."""
    return {name: tensor.detach() for name, tensor in arch.items()}
