# SPDX-License-Identifier: Apache-2.0
"""The four-level hypergradient (method §3), twice: by brute force and by finite differences.

All functions work on plain dictionaries from names to tensors, so that a network enters through
`torch.func.functional_call` and the toy of method §3.4 as three matrix products.
"""

from dataclasses import dataclass, field
from typing import Callable, Dict, Optional

import torch

Tensors = Dict[str, torch.Tensor]
TERMS = ("d1", "d2", "I1", "I2", "I3", "I4")


@dataclass
class Objectives:
    """The four scalar losses, each with its batch and its randomness frozen (method §3)."""

    train: Callable  # T(w1, arch)
    attack: Callable  # G(delta, w1, arch)
    reweighted: Callable  # S(w2, delta, arch)
    validation: Callable  # V(w, arch)


@dataclass
class VirtualStep:
    """w' = w - xi (momentum * buffer + gradient + weight_decay * w) (method §3.3)."""

    step_size: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    buffers: Optional[Tensors] = None

    def __call__(self, weights, gradients):
        """The updated weights; a missing buffer of any weight means no momentum at all (§3)."""
        complete = self.buffers is not None and all(name in self.buffers for name in weights)
        result = {}
        for name, weight in weights.items():
            direction = gradients[name] + self.weight_decay * weight
            if complete:
                direction = direction + self.momentum * self.buffers[name]
            result[name] = weight - self.step_size * direction
        return result


@dataclass
class Point:
    """Where the hypergradient is taken, and with which step sizes (method §2.4)."""

    weights1: Tensors
    weights2: Tensors
    arch: Tensors
    delta: torch.Tensor
    step1: VirtualStep
    step2: VirtualStep
    delta_step_size: float
    gamma: float = 1.0
    delta_updated: Optional[torch.Tensor] = None  # PGD's result; None: the step of eq. 2
    # Steps of an attack that is differentiated, each from (delta, gradient) to the next delta; with
    # them delta_updated and delta_step_size mean nothing.
    attack_steps: int = 0
    attack_step: Optional[Callable] = None


@dataclass
class Result:
    """Terms and total of dO/dA, the losses on the way, and the virtual points."""

    total: Tensors
    terms: Dict[str, Tensors]
    losses: Dict[str, float] = field(default_factory=dict)
    weights1: Optional[Tensors] = None
    weights2: Optional[Tensors] = None
    delta: Optional[torch.Tensor] = None


def _leaves(tensors):
    return {name: t.detach().clone().requires_grad_() for name, t in tensors.items()}


def _detached(tensors):
    return {name: t.detach() for name, t in tensors.items()}


def _gradient(loss, tensors, create_graph=False):
    """d loss / d tensors as a dictionary; a tensor that the loss does not reach has zeros."""
    values = torch.autograd.grad(
        loss, list(tensors.values()), create_graph=create_graph, allow_unused=True
    )
    return {
        name: torch.zeros_like(tensor) if value is None else value
        for (name, tensor), value in zip(tensors.items(), values)
    }


def sum_of_terms(terms, gamma):
    """dO/dA = d2 + I2 + I3 + I4 + gamma (d1 + I1) (method §3.1)."""
    return {
        name: terms["d2"][name]
        + terms["I2"][name]
        + terms["I3"][name]
        + terms["I4"][name]
        + gamma * (terms["d1"][name] + terms["I1"][name])
        for name in terms["d2"]
    }


def brute_force(objectives, point):
    """Autograd through the three unrolled updates, one copy of A for each way to the loss.

    A enters the objective in six places. Each gets its own leaf, so the gradient of the two
    validation losses with respect to one leaf *is* the term, without a formula of the chain:
    I1 and I4 are the two uses of W1' (in V, in the attack), I2 the A inside S, I3 the A inside G,
    d1 and d2 the A inside V. The Jacobian of a given PGD result is that of eq. 2 (method §2.4).
    """
    arch = {term: _leaves(point.arch) for term in TERMS}
    weights1, weights2 = _leaves(point.weights1), _leaves(point.weights2)
    delta = point.delta.detach().clone().requires_grad_()

    def updated1(copy):
        loss = objectives.train(weights1, copy)
        return loss, point.step1(weights1, _gradient(loss, weights1, create_graph=True))

    train_loss, weights1_direct = updated1(arch["I1"])
    _, weights1_attack = updated1(arch["I4"])
    attack_loss = objectives.attack(delta, weights1_attack, arch["I3"])
    (ascent,) = torch.autograd.grad(attack_loss, [delta], create_graph=True)
    delta_updated = delta + point.delta_step_size * ascent
    if point.attack_steps > 0:
        delta_updated = delta
        for _ in range(point.attack_steps):
            loss = objectives.attack(delta_updated, weights1_attack, arch["I3"])
            (ascent,) = torch.autograd.grad(loss, [delta_updated], create_graph=True)
            delta_updated = point.attack_step(delta_updated, ascent)
    elif point.delta_updated is not None:  # straight-through: value of PGD, Jacobian of eq. 2
        delta_updated = delta_updated + (point.delta_updated - delta_updated).detach()
    reweighted_loss = objectives.reweighted(weights2, delta_updated, arch["I2"])
    weights2_updated = point.step2(
        weights2, _gradient(reweighted_loss, weights2, create_graph=True)
    )
    validation1 = objectives.validation(weights1_direct, arch["d1"])
    validation2 = objectives.validation(weights2_updated, arch["d2"])

    flat1 = {(term, name): arch[term][name] for term in ("d1", "I1") for name in point.arch}
    flat2 = {
        (term, name): arch[term][name]
        for term in ("d2", "I2", "I3", "I4")
        for name in point.arch
    }
    gradients = {**_gradient(validation1, flat1), **_gradient(validation2, flat2)}
    terms = {
        term: {name: gradients[term, name].detach() for name in point.arch} for term in TERMS
    }
    return Result(
        total=sum_of_terms(terms, point.gamma),
        terms=terms,
        losses={
            "train1": train_loss.item(),
            "attack": attack_loss.item(),
            "train2": reweighted_loss.item(),
            "val1": validation1.item(),
            "val2": validation2.item(),
        },
        weights1=_detached(weights1_direct),
        weights2=_detached(weights2_updated),
        delta=delta_updated.detach(),
    )


def virtual_weights1(objectives, point):
    """W1' alone: where the attack takes place."""
    weights1 = _leaves(point.weights1)
    loss = objectives.train(weights1, _detached(point.arch))
    return _detached(point.step1(weights1, _gradient(loss, weights1)))


def norm(tensors):
    """One Euclidean norm over all tensors together (method §3.2)."""
    return sum(float((t * t).sum()) for t in tensors.values()) ** 0.5


def _shifted(tensors, direction, step):
    return {name: t + step * direction[name] for name, t in tensors.items()}


def _difference(gradients_at, at, direction, radius):
    """([d2F / dY dX] v for each Y) by central differences, alpha = radius / ||v|| (§3.2).

    `gradients_at(X)` returns the list of gradients with respect to the Y. A vector of norm zero
    gives zeros without an evaluation at alpha = infinity.
    """
    length = norm(direction)
    if length == 0.0:
        return [{n: torch.zeros_like(g) for n, g in ys.items()} for ys in gradients_at(at)]
    step = radius / length
    plus = gradients_at(_shifted(at, direction, step))
    minus = gradients_at(_shifted(at, direction, -step))
    return [
        {name: (p[name] - m[name]) / (2.0 * step) for name in p} for p, m in zip(plus, minus)
    ]


def _scaled(tensors, factor):
    return {name: factor * t for name, t in tensors.items()}


def finite_difference(objectives, point, radius=0.01, shared=True):
    """The scheme of method §3.2: three pairs of passes, gamma I1 + I4 by one combined vector.

    With `shared` the sum gamma I1 + I4 comes from one pair along gamma v1 - xi_w2 xi_delta r, as
    the chain does it; I1 and I4 on their own (for the terms) always come from separate pairs.
    Without, the total is made of those two separate products.
    """
    arch = _leaves(point.arch)
    weights1, weights2 = _leaves(point.weights1), _leaves(point.weights2)

    train_loss = objectives.train(weights1, arch)
    weights1_new = _leaves(point.step1(weights1, _gradient(train_loss, weights1)))
    delta = point.delta.detach().clone().requires_grad_()
    attack_loss = objectives.attack(delta, weights1_new, arch)
    attack_points = []  # (delta, gradient) before each step
    if point.attack_steps > 0:
        delta_new = delta
        for _ in range(point.attack_steps):
            at = delta_new.detach().clone().requires_grad_()
            (ascent,) = torch.autograd.grad(
                objectives.attack(at, weights1_new, arch), [at]
            )
            attack_points.append((at, ascent.requires_grad_()))
            delta_new = point.attack_step(at, ascent)
        delta_new = delta_new.detach().requires_grad_()
    elif point.delta_updated is None:
        (ascent,) = torch.autograd.grad(attack_loss, [delta])
        delta_new = (delta + point.delta_step_size * ascent).detach().requires_grad_()
    else:
        delta_new = point.delta_updated.detach().clone().requires_grad_()
    reweighted_loss = objectives.reweighted(weights2, delta_new, arch)
    weights2_new = _leaves(point.step2(weights2, _gradient(reweighted_loss, weights2)))

    def direct(weights):
        loss = objectives.validation(weights, arch)
        both = _gradient(loss, {**{("w", n): t for n, t in weights.items()}, **arch})
        return (
            loss.item(),
            {name: both["w", name] for name in weights},
            {name: both[name] for name in arch},
        )

    validation1, v1, d1 = direct(weights1_new)
    validation2, v2, d2 = direct(weights2_new)

    def reweighted_gradients(weights):
        grads = _gradient(
            objectives.reweighted(weights, delta_new, arch), {**arch, "delta": delta_new}
        )
        return [{name: grads[name] for name in arch}, {"delta": grads["delta"]}]

    def attack_gradients(perturbation):
        grads = _gradient(
            objectives.attack(perturbation["delta"], weights1_new, arch),
            {**arch, **{("w", n): t for n, t in weights1_new.items()}},
        )
        return [
            {name: grads[name] for name in arch},
            {name: grads["w", name] for name in weights1_new},
        ]

    def attack_back(vector):
        """What reaches A and W1' from a vector at the end of an attack that is differentiated."""
        of_arch = {name: torch.zeros_like(t) for name, t in arch.items()}
        of_weights = {name: torch.zeros_like(t) for name, t in weights1_new.items()}
        for at, ascent in reversed(attack_points):
            direct, through = torch.autograd.grad(
                point.attack_step(at, ascent), [at, ascent], vector
            )

            def gradients(perturbation):
                moved = _leaves(perturbation)
                loss = objectives.attack(moved["delta"], weights1_new, arch)
                return [*attack_gradients(moved), _gradient(loss, moved)]

            g_a, g_w, g_d = _difference(
                gradients, {"delta": at.detach()}, {"delta": through}, radius
            )
            of_arch = {name: t + g_a[name] for name, t in of_arch.items()}
            of_weights = {name: t + g_w[name] for name, t in of_weights.items()}
            vector = direct + g_d["delta"]
        return of_arch, of_weights

    def train_gradients(weights):
        return [_gradient(objectives.train(weights, arch), arch)]

    xi_w1, xi_w2 = point.step1.step_size, point.step2.step_size
    xi_delta = point.delta_step_size
    s_a, q = _difference(reweighted_gradients, _detached(weights2), v2, radius)
    if attack_points:
        xi_delta = 1.0  # the steps have their lengths in them
        g_a, r = attack_back(q["delta"])
    else:
        g_a, r = _difference(attack_gradients, {"delta": point.delta.detach()}, q, radius)
    at_w1 = _detached(weights1)
    (t_v1,) = _difference(train_gradients, at_w1, v1, radius)
    (t_r,) = _difference(train_gradients, at_w1, r, radius)
    terms = {
        "d1": d1,
        "d2": d2,
        "I1": _scaled(t_v1, -xi_w1),
        "I2": _scaled(s_a, -xi_w2),
        "I3": _scaled(g_a, -xi_w2 * xi_delta),
        "I4": _scaled(t_r, xi_w1 * xi_w2 * xi_delta),
    }
    if shared:
        combined = {
            name: point.gamma * v1[name] - xi_w2 * xi_delta * r[name] for name in v1
        }
        (t_both,) = _difference(train_gradients, at_w1, combined, radius)
        total = {
            name: d2[name]
            + terms["I2"][name]
            + terms["I3"][name]
            + point.gamma * d1[name]
            - xi_w1 * t_both[name]
            for name in d2
        }
    else:
        total = sum_of_terms(terms, point.gamma)
    return Result(
        total=total,
        terms=terms,
        losses={
            "train1": train_loss.item(),
            "attack": attack_loss.item(),
            "train2": reweighted_loss.item(),
            "val1": validation1,
            "val2": validation2,
        },
        weights1=_detached(weights1_new),
        weights2=_detached(weights2_new),
        delta=delta_new.detach(),
    )
