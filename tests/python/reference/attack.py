# SPDX-License-Identifier: Apache-2.0
"""The perturbation of stage II: PGD and the one-step ascent of eq. 2 (method §2.2–2.4)."""

import torch
from torch.nn import functional as F

LOSSES = ("soft", "label", "pseudo")


def attack_loss(logits, clean_logits, labels, loss="soft", detach_target=False):
    """The stage II loss summed over the examples (method §2.2).

    soft: cross-entropy against the prediction on the clean image; label: against the true label;
    pseudo: against the clean prediction's arg-max.
    """
    if loss == "label":
        return F.cross_entropy(logits, labels, reduction="sum")
    if loss == "pseudo":
        return F.cross_entropy(logits, clean_logits.argmax(dim=1), reduction="sum")
    target = torch.softmax(clean_logits, dim=1)
    if detach_target:
        target = target.detach()
    return -(target * F.log_softmax(logits, dim=1)).sum()


def _per_example(x, norms):
    return norms.reshape(-1, *([1] * (x.dim() - 1)))


def project(delta, x, epsilon, norm):
    """Into the ball around zero and then so that x + delta is in [0, 1]."""
    if norm == "linf":
        delta = delta.clamp(-epsilon, epsilon)
    else:
        lengths = _per_example(delta, delta.flatten(1).norm(dim=1))
        delta = delta * (epsilon / lengths.clamp(min=1e-12)).clamp(max=1.0)
    return (x + delta).clamp(0.0, 1.0) - x


def pgd(
    f,
    x,
    labels,
    delta,
    steps=7,
    epsilon=8 / 255,
    step_size=2 / 255,
    norm="linf",
    loss="soft",
    detach_target=False,
):
    """Projected ascent from the start `delta`; `f` maps raw pixels in [0, 1] to logits.

    linf: step_size * sign(gradient); l2: step_size * gradient / its length per example.
    """
    clean = f(x).detach()
    delta = project(delta.detach(), x, epsilon, norm)
    for _ in range(steps):
        delta.requires_grad_()
        value = attack_loss(f(x + delta), clean, labels, loss, detach_target)
        (gradient,) = torch.autograd.grad(value, [delta])
        if norm == "linf":
            direction = gradient.sign()
        else:
            lengths = _per_example(gradient, gradient.flatten(1).norm(dim=1))
            direction = gradient / lengths.clamp(min=1e-12)
        delta = project((delta + step_size * direction).detach(), x, epsilon, norm)
    return delta.detach()


def l2_step(delta, gradient, x, epsilon, step_size):
    """One step of the l2 attack, to be differentiated in delta and in the gradient there."""
    lengths = _per_example(gradient, gradient.flatten(1).norm(dim=1))
    return project(delta + step_size * gradient / lengths.clamp(min=1e-12), x, epsilon, "l2")


def one_step(f, x, labels, delta, step_size=2 / 255, loss="soft", detach_target=False):
    """delta + xi_delta * gradient, neither signed nor projected (supplement eq. 2)."""
    delta = delta.detach().requires_grad_()
    value = attack_loss(f(x + delta), f(x), labels, loss, detach_target)
    (gradient,) = torch.autograd.grad(value, [delta])
    return (delta + step_size * gradient).detach()
