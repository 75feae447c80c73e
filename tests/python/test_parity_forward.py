# SPDX-License-Identifier: Apache-2.0
"""`sanas_probe forward` against the reference: logits, losses and every gradient.

Random weights travel by safetensors under the state-dict names of darts-family §1.
"""

import pytest
import torch
from inspect_tool import assert_close, random_arch, randomise, supernet_config
from reference import genotypes, prdarts
from reference.darts import Darts
from reference.discrete import DiscreteNetwork
from reference.pcdarts import PcDarts
from reference.pdarts import PDarts
from torch.nn import functional as F

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-4}
FAMILIES = {
    "darts": lambda: Darts(4, 10, 5),
    "darts s1": lambda: Darts(4, 10, 5, "s1"),
    "darts s2": lambda: Darts(4, 10, 5, "s2"),
    "darts s3": lambda: Darts(4, 10, 5, "s3"),
    "pcdarts": lambda: PcDarts(4, 10, 5),
    "pdarts": lambda: PDarts(4, 10, 5),
    "prdarts": lambda: prdarts.PrDarts(4, 10, 6),
}
CASES = [(family, mode, torch.float64) for family in FAMILIES for mode in ("train", "eval")] + [
    (family, "train", torch.float32) for family in ("darts", "pcdarts", "pdarts", "prdarts")
]


def batch(size, side, dtype):
    return torch.randn(size, 3, side, side).to(dtype), torch.randint(0, 10, (size,))


def arch_of(family, model):
    """Random A; the spaces S1–S4 have as many columns as operations per edge."""
    columns = {"darts s1": 2, "darts s2": 2, "darts s3": 3}.get(family, 8)
    return {
        name: a.detach()[:, :columns] if a.dim() == 2 else a.detach()
        for name, a in random_arch(model).items()
    }


def gates(dtype):
    """Scripted noise of PR-DARTS and the tensors that carry it in the input file."""
    noise = prdarts.GateNoise(
        *(0.02 + 0.96 * torch.rand(2, 14, 8)).to(dtype),
        *(torch.rand(2, 14, 8) < 0.4).to(dtype),
        torch.randperm(8),
    )
    tensors = {f"gates.{name}": value for name, value in vars(noise).items()}
    return noise, tensors


@pytest.mark.parametrize("family, mode, dtype", CASES)
def test_supernet(inspect, family, mode, dtype):
    model = randomise(FAMILIES[family](), seed=3).to(dtype).train(mode == "train")
    arch = {name: a.to(dtype).requires_grad_() for name, a in arch_of(family, model).items()}
    # In single precision a batch norm over few values rounds by more than the tolerance.
    x, y = batch(8 if dtype == torch.float32 else 4, 16, dtype)
    inputs = {"x": x, "y": y}
    if family == "prdarts":
        model.noise, tensors = gates(dtype)
        model.temperature = 0.7
        inputs.update(tensors, **{"gates.temperature": torch.tensor(0.7, dtype=dtype)})
    state = {**model.state_dict(), **arch}
    state = {name: tensor.detach().clone() for name, tensor in state.items()}
    config = supernet_config(
        family.split()[0],
        channels=4,
        cells=len(model.cells),
        space=family.split()[1] if " " in family else "darts",
    )
    output = inspect.forward(
        ("--config", inspect.write_config(config)), state, inputs, mode, dtype, "--gradients"
    )

    logits = model(x, arch)
    loss = F.cross_entropy(logits, y)
    check_output(output, logits, None, loss, {**dict(model.named_parameters()), **arch}, dtype)


def check_output(output, logits, auxiliary, loss, tensors, dtype):
    """Logits, loss and the gradients of all `tensors`; nothing missing, nothing else."""
    tolerance = TOLERANCE[dtype]
    gradients = torch.autograd.grad(loss, list(tensors.values()), allow_unused=True)
    assert_close(output.pop("logits"), logits.detach(), tolerance, "logits")
    if auxiliary is not None:
        assert_close(
            output.pop("auxiliary_logits"), auxiliary.detach(), tolerance, "auxiliary_logits"
        )
    assert_close(output.pop("loss").reshape(()), loss.detach(), tolerance, "loss")
    for (name, tensor), gradient in zip(tensors.items(), gradients):
        expected = torch.zeros_like(tensor) if gradient is None else gradient
        found = output.pop(f"grad.{name}", None)
        if found is None:  # a tensor that the loss does not reach may be left out
            assert gradient is None or not gradient.any(), f"grad.{name} is missing"
            continue
        assert_close(found, expected.detach(), tolerance, f"grad.{name}")
    assert not output, f"unexpected tensors: {sorted(output)}"


def discrete_parity(inspect, name, mode, dtype, *options, imagenet=False):
    model = DiscreteNetwork(
        genotypes.preset(name),
        4,
        10 if not imagenet else 1000,
        5,
        imagenet=imagenet,
        second_auxiliary_norm=name in genotypes.SECOND_AUXILIARY_NORM,
    )
    randomise(model, seed=4).to(dtype).train(mode == "train")
    x, y = batch(2, 224 if imagenet else 32, dtype)
    state = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    what = ("--genotype", name, "--dataset", "imagenet" if imagenet else "cifar10")
    what += ("--channels", 4, "--cells", 5, *options)
    output = inspect.forward(what, state, {"x": x, "y": y}, mode, dtype, "--gradients")
    logits, auxiliary = model(x)
    loss = F.cross_entropy(logits, y)
    if auxiliary is not None:
        loss = loss + 0.4 * F.cross_entropy(auxiliary, y)
    check_output(output, logits, auxiliary, loss, dict(model.named_parameters()), dtype)


@pytest.mark.parametrize("mode", ("train", "eval"))
@pytest.mark.parametrize("name", genotypes.PRESETS)
def test_discrete_network(inspect, name, mode):
    discrete_parity(inspect, name, mode, torch.float64)


def test_discrete_network_in_single_precision(inspect):
    """Operator by operator: on kernels, rounding decides elsewhere on the side of a kink."""
    discrete_parity(inspect, "DARTS_V2", "train", torch.float32, "--kernels", "composed")


@pytest.mark.parametrize("name", ("DARTS_V2", "PDARTS"))
def test_imagenet_network(inspect, name):
    """Both auxiliary heads: without and with the second batch norm (darts-family §5.3)."""
    discrete_parity(inspect, name, "train", torch.float64, imagenet=True)
