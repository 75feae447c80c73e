# SPDX-License-Identifier: Apache-2.0
"""The reference attack against torchattacks and foolbox: same network, images and start."""

import pytest
import torch
from reference import attack
from torch import nn

EPSILON, STEP = 8 / 255, 2 / 255


@pytest.fixture(name="network")
def small_network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.Softplus(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(72, 10)
    ).eval()


@pytest.fixture(name="images")
def corner_images():
    """Images with many values at or near 0 and 1, so that the box matters."""
    torch.manual_seed(1)
    return (1.4 * torch.rand(6, 3, 8, 8) - 0.2).clamp(0.0, 1.0)


LABELS = torch.tensor([0, 1, 2, 3, 4, 5])


def uniform_start(images, seed):
    torch.manual_seed(seed)
    noise = torch.empty_like(images).uniform_(-EPSILON, EPSILON)
    return (images + noise).clamp(0.0, 1.0) - images


def test_linf_equals_torchattacks(network, images):
    torchattacks = pytest.importorskip("torchattacks")
    start = uniform_start(images, seed=5)
    ours = attack.pgd(network, images, LABELS, start, loss="label")
    torch.manual_seed(5)
    tool = torchattacks.PGD(network, eps=EPSILON, alpha=STEP, steps=7)
    assert torch.allclose(images + ours, tool(images, LABELS), atol=1e-12)


def test_l2_equals_torchattacks(network, images):
    torchattacks = pytest.importorskip("torchattacks")
    tool = torchattacks.PGDL2(network, eps=0.5, alpha=0.2, steps=7, random_start=False)
    ours = attack.pgd(
        network,
        images,
        LABELS,
        torch.zeros_like(images),
        epsilon=0.5,
        step_size=0.2,
        norm="l2",
        loss="label",
    )
    assert torch.allclose(images + ours, tool(images, LABELS), atol=1e-8)


@pytest.mark.parametrize("norm, epsilon, step", [("linf", EPSILON, STEP), ("l2", 0.5, 0.2)])
def test_equals_foolbox(network, images, norm, epsilon, step):
    foolbox = pytest.importorskip("foolbox")
    start = uniform_start(images, seed=6)
    kind = {
        "linf": foolbox.attacks.LinfProjectedGradientDescentAttack,
        "l2": foolbox.attacks.L2ProjectedGradientDescentAttack,
    }[norm]

    class FromStart(kind):
        """The tool's attack with a given start."""

        def get_random_start(self, x0, epsilon):
            return x0 + type(x0)(start)

    tool = FromStart(abs_stepsize=step, steps=7, random_start=True)
    model = foolbox.PyTorchModel(network, bounds=(0, 1), device="cpu")
    theirs = tool.run(model, images, foolbox.criteria.Misclassification(LABELS), epsilon=epsilon)
    ours = attack.pgd(
        network, images, LABELS, start, 7, epsilon, step, norm=norm, loss="label"
    )
    assert torch.allclose(images + ours, theirs, atol=1e-8)


def test_soft_gradient_vanishes_at_zero(network, images):
    """Method §2.2 (a): without a random start the soft form never moves."""
    zero = torch.zeros_like(images)
    moved = attack.one_step(network, images, LABELS, zero, step_size=1.0, loss="soft")
    assert float(moved.abs().max()) < 1e-15
    moved = attack.one_step(network, images, LABELS, zero, step_size=1.0, loss="label")
    assert float(moved.abs().max()) > 1e-4


def test_detaching_the_target_changes_only_the_outer_gradients(network, images):
    """The delta gradient is the same; the weight gradient is not (method §2.2 (c))."""
    delta = uniform_start(images, seed=7).requires_grad_()
    weight = network[0].weight
    results = []
    for detach in (False, True):
        value = attack.attack_loss(network(images + delta), network(images), LABELS, "soft", detach)
        results.append(torch.autograd.grad(value, [delta, weight]))
    assert torch.equal(results[0][0], results[1][0])
    assert not torch.allclose(results[0][1], results[1][1])


def test_pseudo_labels_are_the_clean_prediction(network, images):
    start = uniform_start(images, seed=8)
    predicted = network(images).argmax(dim=1)
    pseudo = attack.pgd(network, images, LABELS, start, loss="pseudo")
    label = attack.pgd(network, images, predicted, start, loss="label")
    assert torch.equal(pseudo, label)
