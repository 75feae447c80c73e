# SPDX-License-Identifier: Apache-2.0
"""The reference hypergradient against the toy of method §3.4 and the closed form of §3."""

import dataclasses
import math

import golden
import pytest
import torch
from reference import hypergradient, network, pcdarts, prdarts, toy


# Method §3.4 and darts-family §3 ---------------------------------------------------------------


@pytest.mark.parametrize("variant", toy.VARIANTS)
def test_toy(variant):
    objectives, point = toy.toy(variant)
    exact = hypergradient.brute_force(objectives, point)
    # The row of the text takes I1 and I4 from separate pairs of passes.
    separate = hypergradient.finite_difference(objectives, point, shared=False)
    losses = exact.losses
    golden.check(
        [losses["train1"], exact.weights1["w"].sum(), *exact.weights1["w"][0], losses["val1"]],
        "0.606060591613 0.938359001127 0.512685315643 0.384246759467 0.0750909482922 "
        "-0.269381309192 1.371654886692",
    )
    first = {term: float(value["a"][0]) for term, value in exact.terms.items()}
    golden.check([first["d1"], first["I1"]], "0.0299694562476 0.0039796993695")
    golden.check(
        [
            losses["attack"],
            exact.delta.sum(),
            *exact.delta[0],
            losses["train2"],
            exact.weights2["w"].sum(),
            losses["val2"],
            losses["val2"] + point.gamma * losses["val1"],
            first["d2"],
            first["I2"],
            first["I3"],
            first["I4"],
            exact.total["a"][0],
            separate.total["a"][0],
        ],
        golden.TOY[variant],
    )
    for result in (exact, separate):
        assert float(result.total["a"].sum()) == pytest.approx(0.0, abs=1e-13)


@pytest.mark.parametrize("variant", toy.VARIANTS)
def test_toy_differences_converge_with_the_square_of_the_step(variant):
    objectives, point = toy.toy(variant)
    exact = hypergradient.brute_force(objectives, point).total["a"]
    errors = [
        float(
            (
                hypergradient.finite_difference(objectives, point, radius).total["a"] - exact
            ).norm()
        )
        for radius in (4e-2, 1e-2)
    ]
    assert math.log(errors[0] / errors[1]) / math.log(4.0) == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize("xi, expected", [(0.0, -4.0), (0.5, 2.0)])
def test_unrolled_step_in_closed_form(xi, expected):
    """L_val = aw - 2a + 1, L_train = w^2 - 2aw + a^2 at (a, w) = (2, -2) (darts-family §3)."""
    objectives = hypergradient.Objectives(
        train=lambda w, a: w["w"] ** 2 - 2 * a["a"] * w["w"] + a["a"] ** 2,
        attack=lambda delta, w, a: delta * 0.0 * w["w"],
        reweighted=lambda w, delta, a: w["w"] * 0.0 + delta * 0.0,
        validation=lambda w, a: a["a"] * w["w"] - 2 * a["a"] + 1,
    )
    point = hypergradient.Point(
        weights1={"w": torch.tensor(-2.0)},
        weights2={"w": torch.tensor(2.0)},  # d2 = w2 - 2 vanishes
        arch={"a": torch.tensor(2.0)},
        delta=torch.tensor(0.0),
        step1=hypergradient.VirtualStep(xi),
        step2=hypergradient.VirtualStep(0.0),
        delta_step_size=0.0,
    )
    for result in (
        hypergradient.brute_force(objectives, point),
        hypergradient.finite_difference(objectives, point),
    ):
        assert float(result.total["a"]) == pytest.approx(expected, abs=1e-12)


def random_point(model, seed, delta_updated=None):
    """Random W1, W2, A, momentum buffers, images and start for a supernet; 4 examples of 8×8."""
    torch.manual_seed(seed)
    images = network.Batches(
        torch.rand(4, 3, 8, 8),
        torch.tensor([1, 3, 0, 9]),
        torch.rand(4, 3, 8, 8),
        torch.tensor([2, 0, 5, 5]),
    )
    weights1 = {name: p.detach().clone() for name, p in model.named_parameters()}
    weights2 = {name: p + 0.1 * torch.randn_like(p) for name, p in weights1.items()}
    buffers = {name: 0.1 * torch.randn_like(p) for name, p in weights1.items()}
    arch = {
        name: 0.5 * torch.randn((14, 8) if name.startswith("alphas") else 14)
        for name in model.arch_names
    }
    point = hypergradient.Point(
        weights1,
        weights2,
        arch,
        (2 * torch.rand(4, 3, 8, 8) - 1) * 8 / 255,
        hypergradient.VirtualStep(0.025, 0.9, 3e-4, buffers),
        hypergradient.VirtualStep(0.025, 0.0, 3e-4),
        delta_step_size=2 / 255,
        gamma=0.5,
        delta_updated=delta_updated,
    )
    return point, images


def scripted_prdarts():
    model = prdarts.PrDarts(2, 10, 3)
    model.noise = prdarts.GateNoise(
        torch.rand(14, 8), torch.rand(14, 8), permutation=torch.randperm(8)
    )
    return model


@pytest.mark.parametrize(
    "build", [lambda: pcdarts.PcDarts(4, 10, 3), scripted_prdarts], ids=["pcdarts", "prdarts"]
)
def test_brute_force_equals_tiny_differences_on_a_supernet(build):
    """Two independent roads to each term: no formula of the chain in the one, no second
    derivative in the other."""
    torch.manual_seed(0)
    model = build()
    point, images = random_point(model, seed=2)
    f = network.classifier(model, "cifar10", images.x_train)
    objectives = network.objectives(f, images)
    exact = hypergradient.brute_force(objectives, point)
    difference = hypergradient.finite_difference(objectives, point, radius=1e-7)
    assert exact.losses == pytest.approx(difference.losses, rel=1e-12)
    for term in hypergradient.TERMS:
        for name, value in exact.terms[term].items():
            assert torch.allclose(
                value, difference.terms[term][name], rtol=0, atol=1e-5 * float(value.norm())
            ), (term, name)


@pytest.mark.parametrize("variant", ("soft", "label"))
def test_total_is_the_derivative_of_the_objective(variant):
    """O(A) itself, run through the three updates at A ± h, without any derivative in A."""
    objectives, point = toy.toy(variant)
    total = hypergradient.brute_force(objectives, point).total["a"]
    values = []
    for h in (1e-4, -1e-4):
        moved = dataclasses.replace(point, arch={"a": point.arch["a"] + h * torch.tensor([1.0, 0])})
        losses = hypergradient.finite_difference(objectives, moved).losses
        values.append(losses["val2"] + point.gamma * losses["val1"])
    assert (values[0] - values[1]) / 2e-4 == pytest.approx(float(total[0]), rel=1e-6)


def test_a_vector_of_norm_zero_contributes_exactly_zero():
    """A saliency step of size zero and an attack that ignores delta: no division by zero."""
    objectives, point = toy.toy("label")
    still = dataclasses.replace(
        objectives, attack=lambda delta, w, a: objectives.attack(0.0 * delta, w, a)
    )
    zero = dataclasses.replace(point, delta=torch.zeros_like(point.delta))
    terms = hypergradient.finite_difference(still, zero).terms
    for term in ("I2", "I3", "I4"):
        assert torch.isfinite(terms[term]["a"]).all()
    assert torch.equal(terms["I4"]["a"], torch.zeros(2))
