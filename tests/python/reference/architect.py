# SPDX-License-Identifier: Apache-2.0
"""DARTS' own architect: first and second order, and the optimizers' rules (darts-family §3, §4)."""

from dataclasses import dataclass, field

import torch
from torch.func import functional_call
from torch.nn import functional as F


def weights_of(model):
    """The parameters of `model` by name, in registration order."""
    return dict(model.named_parameters())


def loss_of(model, weights, arch, batch):
    """Mean cross-entropy of a batch (x, labels); running statistics of `model` are updated."""
    x, labels = batch
    return F.cross_entropy(functional_call(model, weights, (x, arch)), labels)


def gradients(loss, tensors, create_graph=False):
    """d loss / d tensors by name; zeros where the loss does not reach."""
    values = torch.autograd.grad(
        loss, list(tensors.values()), allow_unused=True, create_graph=create_graph
    )
    return {
        name: torch.zeros_like(tensor) if value is None else value
        for (name, tensor), value in zip(tensors.items(), values)
    }


def leaves(tensors):
    return {name: t.detach().clone().requires_grad_() for name, t in tensors.items()}


def norm(tensors):
    """One L2 norm over all tensors."""
    return float(sum((t.detach() ** 2).sum() for t in tensors.values()) ** 0.5)


def first_order(model, arch, validation):
    """dL_val/dA at the current weights."""
    return gradients(loss_of(model, weights_of(model), arch, validation), arch)


def second_order(
    model, arch, train, validation, eta, buffers=None, momentum=0.9, decay=3e-4, radius=0.01
):
    """The unrolled architecture gradient with a difference around the original w (§3).

    `radius=None` takes the Hessian-vector product exactly, by double backward (method §3.5). The
    unrolled copy has its own running statistics; `model` sees three training passes.
    """
    weights = leaves(weights_of(model))
    loss = loss_of(model, weights, arch, train)
    gradient = gradients(loss, weights, create_graph=radius is None)
    unrolled = {}
    for name, weight in weights.items():
        direction = gradient[name].detach() + decay * weight
        if buffers is not None:
            direction = direction + momentum * buffers[name]
        unrolled[name] = (weight - eta * direction).detach().requires_grad_()
    statistics = {name: buffer.clone() for name, buffer in model.named_buffers()}
    x, labels = validation
    logits = functional_call(model, {**unrolled, **statistics}, (x, arch))
    both = gradients(
        F.cross_entropy(logits, labels), {**{("w", n): w for n, w in unrolled.items()}, **arch}
    )
    vector = {name: both["w", name] for name in weights}

    if radius is None:
        product = sum((gradient[name] * vector[name]).sum() for name in weights)
        implicit = gradients(product, arch)
    else:
        step = radius / norm(vector)
        ends = []
        for sign in (1.0, -1.0):
            moved = {n: (w + sign * step * vector[n]).detach() for n, w in weights.items()}
            ends.append(gradients(loss_of(model, moved, arch, train), arch))
        implicit = {name: (ends[0][name] - ends[1][name]) / (2.0 * step) for name in arch}
    return {name: both[name] - eta * implicit[name] for name in arch}


@dataclass
class Sgd:
    """SGD with coupled weight decay; the first buffer is the gradient (§4, Nesterov §9.4)."""

    learning_rate: float
    momentum: float = 0.9
    weight_decay: float = 3e-4
    nesterov: bool = False
    buffers: dict = field(default_factory=dict)

    def step(self, weights, gradient):
        """Update the weights in place."""
        with torch.no_grad():
            for name, weight in weights.items():
                g = gradient[name] + self.weight_decay * weight
                old = self.buffers.get(name)
                self.buffers[name] = g if old is None else self.momentum * old + g
                direction = (
                    g + self.momentum * self.buffers[name] if self.nesterov else self.buffers[name]
                )
                weight -= self.learning_rate * direction


def clip(gradient, limit=5.0):
    """Scale by limit / (norm + 1e-6) where that is below one (§4). Returns the norm before."""
    total = norm(gradient)
    factor = limit / (total + 1e-6)
    if factor < 1.0:
        for value in gradient.values():
            value *= factor
    return total


@dataclass
class Adam:
    """Adam(0.5, 0.999), eps 1e-8, with coupled L2 weight decay (§3)."""

    learning_rate: float = 3e-4
    weight_decay: float = 1e-3
    beta1: float = 0.5
    beta2: float = 0.999
    epsilon: float = 1e-8
    steps: int = 0
    first: dict = field(default_factory=dict)
    second: dict = field(default_factory=dict)

    def step(self, tensors, gradient):
        """Update the tensors in place."""
        self.steps += 1
        with torch.no_grad():
            for name, tensor in tensors.items():
                g = gradient[name] + self.weight_decay * tensor
                zero = torch.zeros_like(tensor)
                m = self.beta1 * self.first.get(name, zero) + (1 - self.beta1) * g
                v = self.beta2 * self.second.get(name, zero) + (1 - self.beta2) * g * g
                self.first[name], self.second[name] = m, v
                m_hat = m / (1 - self.beta1**self.steps)
                v_hat = v / (1 - self.beta2**self.steps)
                tensor -= self.learning_rate * m_hat / (v_hat.sqrt() + self.epsilon)
