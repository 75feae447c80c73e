# SPDX-License-Identifier: Apache-2.0
"""The first steps of a training on CIFAR-100 against the same training in PyTorch."""

import copy
import json
import math
import tarfile
import time

import pytest
import torch
import torch.nn.functional as F
from programs import SHARED_DATA, run, settings
from reference import genotypes
from reference.discrete import DiscreteNetwork
from safetensors.torch import load_file, save_file

STEPS = 40
COMPARED = 4  # later ones have nothing in common but the data
BATCH = 16
GENOTYPE = "DARTS_V2"
CHANNELS, CELLS, CLASSES = 8, 5, 100
# Those of P-DARTS and PR-DARTS (darts-family 5.5).
MEAN, STD = (0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)


@pytest.fixture(autouse=True)
def single_precision():
    torch.set_default_dtype(torch.float32)
    yield
    torch.set_default_dtype(torch.float64)  # as conftest.py


@pytest.fixture(scope="module")
def cifar100(tmp_path_factory):
    archive = SHARED_DATA / "cifar-100-binary.tar.xz"
    if not archive.exists():
        pytest.skip(f"{archive} is missing")
    folder = tmp_path_factory.mktemp("cifar100")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder


def reference_losses(network, batches, dtype=torch.float32):
    """Cross-entropy plus 0.4 of the auxiliary head's, SGD with momentum, gradients clipped at 5."""
    network = copy.deepcopy(network).to(dtype).train()
    optimizer = torch.optim.SGD(network.parameters(), 0.025, momentum=0.9, weight_decay=3e-4)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    losses = []
    for x, y in batches:
        logits, auxiliary = network(((x - mean) / std).to(dtype))
        loss = F.cross_entropy(logits, y) + 0.4 * F.cross_entropy(auxiliary, y)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.fixture(scope="module")
def training(cifar100, tmp_path_factory):
    """The network with its first weights, its mini-batches, and the arguments of our training."""
    folder = tmp_path_factory.mktemp("training")
    torch.manual_seed(3)
    network = DiscreteNetwork(genotypes.preset(GENOTYPE), CHANNELS, CLASSES, CELLS).float()
    weights = folder / "initial.safetensors"
    save_file({name: t.contiguous() for name, t in network.state_dict().items()}, weights)
    common = settings({
        "evaluation.channels": CHANNELS, "evaluation.cells": CELLS, "evaluation.batch_size": BATCH,
        "evaluation.report_every": 1, "evaluation.max_steps": STEPS, "threads": 1,
        "dataset.workers": 1, "evaluation.test_images": 100,
    })  # fmt: skip
    arguments = ("--config", "eval_cifar100", *common, "--data", cifar100)
    batches_file = folder / "batches.safetensors"
    loaded = run("sanas_inspect", "loader", *arguments, "--batches", STEPS, "--output", batches_file)
    assert loaded.returncode == 0, loaded.stderr
    data = load_file(batches_file)
    batches = list(zip(data["images"].split(BATCH), data["labels"].split(BATCH)))
    assert len(batches) == STEPS
    return network, batches, (*arguments, "--genotype", GENOTYPE, "--weights", weights)


def losses_of(training, kernels, out):
    arguments = (*training[2], *settings({"kernels": kernels}))
    trained = run("sanas_eval", *arguments, "--out", out, "--quiet")
    assert trained.returncode == 0, trained.stderr
    records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    records = [record for record in records if record["phase"] == "train"]
    assert len(records) == STEPS
    print(f"{kernels}: {sum(record['seconds'] for record in records):.1f} s")
    return [record["loss"] for record in records]


@pytest.fixture(scope="module")
def exact_losses(training):
    start = time.monotonic()
    losses = reference_losses(*training[:2], torch.float64)
    print(f"{STEPS} steps in PyTorch, double: {time.monotonic() - start:.1f} s")
    return losses


@pytest.mark.parametrize("kernels", ["auto", "composed"])
def test_losses_are_those_of_pytorch(kernels, training, exact_losses, tmp_path):
    """In double, where PyTorch's own rounding has no say. Each step makes rounding some tens of times
    larger, in PyTorch too, so that only the first ones can be compared one by one. A step that is
    wrong shows in the second loss at once."""
    ours = losses_of(training, kernels, tmp_path / "run")
    for step, (found, wanted) in enumerate(zip(ours[:COMPARED], exact_losses)):
        print(step, found - wanted)
        assert abs(found - wanted) <= 2e-6 * 30**step, (step, found, wanted)
    later = slice(STEPS // 2, None)
    mean, wanted = (sum(losses[later]) / len(losses[later]) for losses in (ours, exact_losses))
    assert math.isclose(mean, wanted, rel_tol=0.03), (mean, wanted)
