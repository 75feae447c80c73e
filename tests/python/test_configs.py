# SPDX-License-Identifier: Apache-2.0
"""Every shipped configuration: its dry run in full size, and a tiny search of two steps."""

import json
import re

import golden
import programs
import pytest
import torch
from reference import counting, genotypes
from reference.darts import Darts
from reference.discrete import DiscreteNetwork
from reference.pcdarts import PcDarts
from reference.pdarts import PDarts
from reference.prdarts import PrDarts

NAMES = sorted(path.stem for path in (programs.SOURCE / "configs").glob("*.yaml"))
# The networks of supplement I.1 to I.4: class, channels, cells, and what else.
NETWORKS = {
    "darts": (Darts, 16, 8, {}),
    "pcdarts": (PcDarts, 16, 8, {}),
    "imagenet_pcdarts": (PcDarts, 16, 8, {"partition": 2, "imagenet": True}),
    "pdarts": (PDarts, 16, 5, {}),  # the first stage
    "prdarts": (PrDarts, 16, 8, {}),
    "quickstart": (Darts, 4, 3, {}),  # its own sizes
}
CLASSES = {"cifar10": 10, "cifar100": 100, "fashion_mnist": 10, "imagenet": 10}
SEARCH_BATCH = {"darts": 64, "pcdarts": 256, "pdarts": 96, "prdarts": 128}  # supplement I
SEARCH_BATCH |= {"imagenet_pcdarts": 1024, "quickstart": 16}
# Supplement I.2 to I.4 and table 15; darts-family 5.6 for DARTS on ImageNet. All others: 96.
EVALUATION_BATCH = {f"eval_{data}_{host}": 128 for data in ("cifar10", "cifar100")
                    for host in ("pcdarts", "pdarts", "prdarts")}  # fmt: skip
EVALUATION_BATCH |= {"eval_imagenet_darts": 128, "eval_imagenet_prdarts": 128, "quickstart": 64}
EVALUATION_BATCH |= {"eval_imagenet": 1024, "eval_imagenet_pcdarts": 1024}
# Keys of every section that no shipped file gives.
DEFAULTED = {"on_nonfinite", "dataset.on_bad_sample", "dataset.augment.resize", "supernet.zero"}
DEFAULTED |= {"search.weights.nesterov", "hypergradient.terms.direct1", "evaluation.max_steps"}
DEFAULTED |= {"evaluation.initial_weights"}
TINY = {
    "search.saliency.every": 0,
    "dataset.workers": 0,
    "dataset.subset": 0,
    "supernet.channels": 4,
    "supernet.cells": 3,  # of both kinds; with fewer there is no normal cell
    "supernet.pdarts.added_cells": "[0, 0, 1]",
    "attack.steps": 1,  # the dry runs have all seven
    "search.batch_size": 2,
    "search.max_steps": 2,
    "search.report_every": 1,
    "search.validate_every": 0,
    "search.architecture.start_epoch": 0,
    "search.update_every.weights1": 1,
    "search.update_every.weights2": 1,
    "search.update_every.architecture": 1,
    "evaluation.channels": 4,
    "evaluation.cells": 3,
    "evaluation.batch_size": 2,
    "evaluation.max_steps": 1,
}


SEARCHES = [name for name in NAMES if not name.startswith("eval_")]
EVALUATIONS = [name for name in NAMES if name.startswith("eval_") or name == "quickstart"]


@pytest.fixture(autouse=True)
def no_initialisation(monkeypatch):
    """Counting needs no random weights, which would take most of the time."""
    monkeypatch.setattr(
        torch.nn.init, "kaiming_uniform_", lambda tensor, *_, **__: tensor.detach().zero_()
    )


def dataset_of(name):
    text = (programs.SOURCE / "configs" / f"{name}.yaml").read_text()
    return re.search(r"dataset: \{name: (\w+)", text)[1]


def host_of(name):
    """darts, pcdarts, …; the two that are alone in their kind have their own name."""
    return "darts" if "_darts" in name else name.replace("cifar100_", "").replace("cifar10_", "")


def passes(name, method, attack_steps):
    """Of one architecture step: method §3.1 and §4, DARTS §2.3."""
    if "darts1st" in name:
        return 2 if method == "sanas" else 1
    return 10 + attack_steps if method == "sanas" else 4


@pytest.fixture(scope="session", name="roots")
def dataset_roots(tmp_path_factory):
    """A small data set of each kind; the images of CIFAR-100 are real where it is."""
    folder = tmp_path_factory.mktemp("data")
    return {
        "cifar10": programs.write_cifar10(folder / "cifar10"),
        "cifar100": programs.write_cifar100(folder / "cifar100"),
        "fashion_mnist": programs.write_fashion_mnist(folder / "fashion_mnist"),
        "imagenet": programs.write_image_folders(folder / "imagenet"),
    }


def succeeds(program, name, roots, *arguments):
    """The standard output of a run on one thread that must end well."""
    data = ("--data", roots[dataset_of(name)])
    result = programs.run(program, "--config", name, *data, "--threads", 1, "--quiet", *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def keys_of(yaml):
    """The dotted names of the keys that have a value."""
    keys, path = [], []
    for indent, key, value in re.findall(r"^( *)([a-z0-9_]+):(.*)$", yaml, re.MULTILINE):
        path = [*path[: len(indent) // 2], key]
        if value:
            keys.append(".".join(path))
    return keys


def check_report(output, name, parameters, macs, batch_size):
    """The whole configuration, the sizes, and memory for the weights at least."""
    keys = keys_of(output)
    assert len(keys) == len(set(keys))
    assert DEFAULTED <= set(keys)
    assert f"name: {name}" in output.splitlines()
    found = re.search(r"network: (\d+) parameters, (\d+) multiply-adds per image", output)
    assert int(found[1]) == parameters
    if macs is not None:
        assert int(found[2]) == macs
    memory = re.search(r"memory, about: (\d+\.\d+) GiB at batch size (\d+)", output)
    assert float(memory[1]) * 2**30 > 4 * parameters
    assert int(memory[2]) == batch_size


def reference_size(host, cells, classes, side):
    """Parameters and multiply-adds; these of PR-DARTS depend on the operations drawn."""
    network, channels, _, more = NETWORKS[host]
    network = network(channels, classes, cells, **more)
    if host == "prdarts":
        return counting.parameters(network), None
    arch = {
        name: torch.zeros((14, 8) if name.startswith("alphas") else 14).float()
        for name in network.arch_names
    }
    return size_of(network, side, arch)


def size_of(network, side=32, *arch):
    """Parameters and multiply-adds per image."""
    image = torch.zeros(1, 3, side, side).float()
    return counting.parameters(network), counting.macs(network.float(), image, *arch)


@pytest.mark.parametrize("name", SEARCHES)
def test_dry_run_of_a_search(name, roots):
    host, dataset = host_of(name), dataset_of(name)
    more = {"dataset.subset": 0}  # quickstart's subset is larger than the small data set
    # With 11 and 17 cells the later stages would take two minutes; the first one is in full size.
    more["supernet.pdarts.added_cells"] = "[0, 0, 0]"
    cells = NETWORKS[host][2]
    if dataset == "cifar10":
        # Those of CIFAR-100 differ in the number of classes only, and are run in their full size.
        more["supernet.cells"] = cells = 3
    output = succeeds("sanas_search", name, roots, "--dry-run", *programs.settings(more))
    side = 28 if name == "quickstart" else 224 if dataset == "imagenet" else 32
    parameters, macs = reference_size(host, cells, CLASSES[dataset], side)
    check_report(output, name, parameters, macs, SEARCH_BATCH[host])
    expected = f"one architecture step: {passes(name, 'sanas', 7)} forward-backward passes"
    assert expected in output


@pytest.mark.parametrize("kernels", ["auto", "composed"])
def test_the_memory_that_a_dry_run_tells_is_that_of_the_run(kernels, roots, tmp_path):
    settings = programs.settings({
        "method": "plain", "hypergradient.order": "first", "kernels": kernels,
        "supernet.cells": 3, "search.max_steps": 1, "search.validate_every": 0,
    })
    output = succeeds("sanas_search", "cifar100_darts2nd", roots, "--dry-run", *settings)
    told = float(re.search(r"memory, about: (\d+\.\d+) GiB at batch size 64", output)[1])
    succeeds("sanas_search", "cifar100_darts2nd", roots, "--out", tmp_path / "run", *settings)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    peaks = [json.loads(line).get("peak_memory_bytes", 0) for line in lines]
    assert told == pytest.approx(max(peaks) / 2**30, rel=0.3)


@pytest.mark.parametrize("name", EVALUATIONS)
def test_dry_run_of_an_evaluation(name, roots):
    arguments = ("--genotype", "DARTS_V2", "--dry-run", "--set", "dataset.subset=0")
    output = succeeds("sanas_eval", name, roots, *arguments)
    cifar10, cifar100, macs, imagenet, imagenet_macs = golden.SIZES["DARTS_V2"]

    def of_size(channels, classes, cells, side=32):
        return size_of(DiscreteNetwork(genotypes.preset("DARTS_V2"), channels, classes, cells), side)

    missing = 1000 - CLASSES["imagenet"]  # of the classes that the classifier has in ImageNet
    # The recipes of the hosts share their network with that of the data set.
    parameters, macs = {
        "eval_cifar10": lambda: (cifar10, macs),
        "eval_cifar10_s2s4": lambda: of_size(16, 10, 20),
        "eval_cifar100": lambda: (cifar100, macs + 51840),
        "eval_cifar100_s1s4": lambda: of_size(16, 100, 8),
        "eval_imagenet": lambda: (imagenet - missing * 769, imagenet_macs - missing * 768),
        "quickstart": lambda: of_size(8, 10, 5, side=28),
    }[re.sub("_(darts|pcdarts|pdarts|prdarts|s1s3)$", "", name)]()
    check_report(output, name, parameters, macs, EVALUATION_BATCH.get(name, 96))


@pytest.mark.parametrize("method", ["plain", "sanas"])
@pytest.mark.parametrize("name", SEARCHES)
def test_a_short_search_and_its_genotype(name, method, roots, tmp_path):
    out, trained = tmp_path / "search", tmp_path / "eval"
    tiny = programs.settings(TINY)
    arguments = (*tiny, "--set", f"method={method}", "--out", out)
    succeeds("sanas_search", name, roots, *arguments)
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["phase"] == "search"]
    assert len(steps) == (6 if "_pdarts" in name else 2)  # P-DARTS: in each of three stages
    if name == "imagenet_pcdarts":  # the first of five epochs of warm-up
        assert steps[0]["learning_rate"] == 0.1
    for step in steps:
        assert step["architecture_passes"] == passes(name, method, 1)
        assert step["train1_loss"] > 0
        assert ("train2_loss" in step) == (method == "sanas")
    epochs = [line for line in lines if line["phase"] == "search_epoch"]
    assert all(epoch["architecture_change"] > 0 for epoch in epochs)
    genotype = (out / "genotype.txt").read_text().strip()
    assert genotype == epochs[-1]["genotype"]

    arguments = ("--genotype", out / "genotype.txt", *tiny, "--out", trained)
    succeeds("sanas_eval", name, roots, *arguments)
    assert (trained / "genotype.txt").read_text().strip() == genotype
    assert (trained / "weights.safetensors").stat().st_size > 0
    assert 0 <= float((trained / "test_accuracy.txt").read_text()) <= 1
