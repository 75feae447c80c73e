# SPDX-License-Identifier: Apache-2.0
"""A case of the hypergradient: its configuration and state, and what the reference makes of it.

Each supernet is as small as its construction allows; four examples of 8×8 pixels in double.
"""

import dataclasses

import pytest
import torch
from inspect_tool import random_arch, supernet_config
from reference import attack, hypergradient, network, prdarts
from reference.darts import Darts
from reference.pcdarts import PcDarts
from reference.pdarts import PDarts

TOLERANCE = 1e-8
LEARNING_RATE, MOMENTUM, DECAY = 0.025, 0.9, 3e-4
FAMILIES = {
    "darts": lambda space: Darts(2, 10, 3, space),
    "pcdarts": lambda space: PcDarts(4, 10, 3, space=space),
    "pdarts": lambda space: PDarts(2, 10, 3),
    "prdarts": lambda space: prdarts.PrDarts(2, 10, 3),
}
CHANNELS = {"darts": 2, "pcdarts": 4, "pdarts": 2, "prdarts": 2}


@dataclasses.dataclass
class Case:
    """One choice of all switches."""

    family: str = "darts"
    space: str = "darts"
    approximation: str = "exact"
    steps: int = 0
    loss: str = "soft"
    detach: bool = False
    norm: str = "linf"
    jacobian: str = "straight_through"
    reweight: str = "delta"
    normalization: str = "none"
    reduction: str = "mean"
    normalize: str = "dataset"
    gamma: float = 0.5
    momentum: bool = True


class Setting:
    """Random state of a case, for the program and for the reference."""

    def __init__(self, case):
        torch.manual_seed(11)
        self.case = case
        self.model = FAMILIES[case.family](case.space)
        self.batches = network.Batches(
            0.1 + 0.8 * torch.rand(4, 3, 8, 8),
            torch.tensor([1, 3, 0, 9]),
            torch.rand(4, 3, 8, 8),
            torch.tensor([2, 0, 5, 5]),
        )
        self.weights1 = {n: p.detach().clone() for n, p in self.model.named_parameters()}
        self.weights2 = {n: p + 0.1 * torch.randn_like(p) for n, p in self.weights1.items()}
        self.buffers = [
            {n: 0.1 * torch.randn_like(p) for n, p in self.weights1.items()} for _ in range(2)
        ]
        columns = 2 if case.space == "s2" else 8
        self.arch = {
            name: a.detach()[:, :columns].contiguous() if a.dim() == 2 else a.detach()
            for name, a in random_arch(self.model).items()
        }
        self.delta = (2 * torch.rand(4, 3, 8, 8) - 1) * 8 / 255
        if case.norm == "l2":
            self.delta = 0.01 * torch.randn(4, 3, 8, 8)
        self.gates = {}
        if case.family == "prdarts":
            noise = prdarts.GateNoise(
                *(0.02 + 0.96 * torch.rand(2, 14, 8)),
                *(torch.rand(2, 14, 8) < 0.4).double(),
                torch.randperm(8),
            )
            self.model.noise, self.model.temperature = noise, 0.7
            self.gates = {f"gates.{name}": value for name, value in vars(noise).items()}
            self.gates["gates.temperature"] = torch.tensor(0.7)

    def config(self):
        """The configuration file."""
        case = self.case
        return supernet_config(
            case.family,
            CHANNELS[case.family],
            3,
            case.space,
            dataset_options={"normalize": case.normalize},
            search={
                "weights": {
                    "learning_rate": LEARNING_RATE,
                    "momentum": MOMENTUM,
                    "weight_decay": DECAY,
                }
            },
            hypergradient={
                "order": "second",
                "approximation": case.approximation,
                "gamma": case.gamma,
                "delta_step_size": "2/255",
                "virtual_momentum": case.momentum,
                "virtual_weight_decay": True,
                "stage3_reduction": case.reduction,
            },
            attack={
                "norm": case.norm,
                "steps": case.steps,
                "epsilon": "8/255" if case.norm == "linf" else 0.5,
                "step_size": "2/255" if case.norm == "linf" else 0.2,
                "loss": case.loss,
                "detach_target": case.detach,
                "jacobian": case.jacobian,
            },
            reweight=case.reweight,
            reweight_normalization=case.normalization,
        )

    def state(self):
        """The tensors of the state file."""
        b = self.batches
        state = {"x_train": b.x_train, "y_train": b.y_train, "x_val": b.x_val, "y_val": b.y_val}
        state.update(self.arch, delta=self.delta, **self.gates)
        for prefix, tensors in zip(("w1", "w2", "m1", "m2"), self.weights_and_buffers()):
            state.update({f"{prefix}.{name}": t for name, t in tensors.items()})
        return state

    def weights_and_buffers(self):
        both = [self.weights1, self.weights2]
        return both + self.buffers if self.case.momentum else both

    def reference(self):
        """(objectives, point), with PGD from the start where the case has steps."""
        case, b = self.case, self.batches
        f = network.classifier(
            self.model, "cifar10" if case.normalize == "dataset" else None, b.x_train
        )
        objectives = network.objectives(
            f, b, case.loss, case.detach, case.reweight, case.reduction, case.normalization
        )
        steps = [
            hypergradient.VirtualStep(
                LEARNING_RATE, MOMENTUM, DECAY, buffers if case.momentum else None
            )
            for buffers in self.buffers
        ]
        point = hypergradient.Point(
            self.weights1,
            self.weights2,
            self.arch,
            self.delta,
            *steps,
            delta_step_size=2 / 255,
            gamma=case.gamma,
        )
        if case.jacobian == "exact":
            point.attack_steps = case.steps
            point.attack_step = lambda delta, gradient: attack.l2_step(
                delta, gradient, b.x_train, epsilon=0.5, step_size=0.2
            )
        elif case.steps > 0:
            updated = hypergradient.virtual_weights1(objectives, point)
            point.delta_updated = attack.pgd(
                lambda x: f(x, updated, self.arch),
                b.x_train,
                b.y_train,
                self.delta,
                steps=case.steps,
                epsilon=8 / 255 if case.norm == "linf" else 0.5,
                step_size=2 / 255 if case.norm == "linf" else 0.2,
                norm=case.norm,
                loss=case.loss,
                detach_target=case.detach,
            )
        return objectives, point


def error(found, expected):
    """Relative error of a dictionary of tensors, over all together."""
    difference = {name: found[name] - expected[name] for name in expected}
    return hypergradient.norm(difference) / max(hypergradient.norm(expected), 1e-30)


def case_name(case):
    """The fields that are not the default."""
    default = vars(Case())
    changed = [f"{k}={v}" for k, v in vars(case).items() if v != default[k]]
    return " ".join(changed) or "default"


def check_terms(inspect, case):
    """Losses, delta', every term and the total of one case."""
    setting = Setting(case)
    output = inspect.hypergradient(setting.config(), setting.state())
    objectives, point = setting.reference()
    if case.approximation == "exact":
        expected = hypergradient.brute_force(objectives, point)
        totals = [expected.total]
    else:
        expected = hypergradient.finite_difference(objectives, point)
        # One shared pair for gamma I1 + I4 (method §3.2), or the sum of the terms written out.
        totals = [expected.total, hypergradient.sum_of_terms(expected.terms, point.gamma)]

    if case.steps > 0:  # the program reports the loss that PGD reached, not where it began
        weights1 = hypergradient.virtual_weights1(objectives, point)
        reached = objectives.attack(expected.delta, weights1, setting.arch)
        expected.losses["attack"] = float(reached.detach())
    for name, value in expected.losses.items():
        assert float(output[f"loss.{name}"]) == pytest.approx(value, rel=1e-10), name
    assert torch.allclose(output["delta_updated"], expected.delta, rtol=0, atol=1e-12)
    for term in hypergradient.TERMS:
        found = {name: output[f"term.{term}.{name}"] for name in setting.arch}
        assert error(found, expected.terms[term]) < TOLERANCE, term
    found = {name: output[f"grad.{name}"] for name in setting.arch}
    assert min(error(found, total) for total in totals) < TOLERANCE
