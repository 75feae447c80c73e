# SPDX-License-Identifier: Apache-2.0
"""Short searches under the switches of the ablations, and the protocol that chooses γ."""

import json
import math

import programs
import pytest
from safetensors.torch import load_file

TINY = {
    "search.saliency.every": 0,
    "dataset.workers": 0,
    "supernet.channels": 4,
    "supernet.cells": 3,
    "supernet.nodes": 2,
    "attack.steps": 1,
    "search.batch_size": 8,
    "search.epochs": 4,
    "search.max_steps": 0,
    "search.report_every": 1,
    "search.validate_every": 0,
    "search.update_every.weights1": 1,
    "search.update_every.weights2": 1,
    "search.update_every.architecture": 3,
    "evaluation.channels": 4,
    "evaluation.cells": 3,
    "evaluation.epochs": 1,
    "evaluation.batch_size": 8,
}


@pytest.fixture(scope="module", name="data")
def small_cifar10(tmp_path_factory):
    return programs.write_cifar10(tmp_path_factory.mktemp("data"), train=48, test=10)


def search(data, out, changes, *flags):
    result = programs.run(
        *("sanas_search", "--config", "cifar10_darts2nd", "--data", data, "--threads", 1),
        *("--quiet", "--out", out, *programs.settings({**TINY, **changes}), *flags),
    )
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    numbers = [v for line in lines for v in line.values() if isinstance(v, float)]
    assert all(math.isfinite(value) for value in numbers)
    return [line for line in lines if line["phase"] == "search"]


def norms(steps, *terms):
    """Of the terms in the steps that update the architecture, all of which must have them."""
    updates = [step for step in steps if "architecture_passes" in step]
    assert updates, "the architecture is never updated"
    return [step[f"norm_{term}"] for step in updates for term in terms]


def test_sequential_stages(data, tmp_path):
    steps = search(data, tmp_path / "run", {"search.sequential_stages": "true"})
    first = [step for step in steps if step["epoch"] < 2]
    second = [step for step in steps if step["epoch"] >= 2]
    assert first and second
    assert all("train1_loss" in s and "train2_loss" not in s for s in first)
    assert all("train2_loss" in s and "train1_loss" not in s for s in second)
    assert all(norm > 0 for norm in norms(first, "d1", "I1"))
    assert all(norm > 0 for norm in norms(second, "d2", "I2"))
    assert not any(norms(second, "d1", "I1", "I3", "I4"))


def test_no_attack_before_its_epoch(data, tmp_path):
    steps = search(data, tmp_path / "run", {"attack.start_epoch": 2})
    early = [step for step in steps if step["epoch"] < 2]
    late = [step for step in steps if step["epoch"] >= 2]
    assert not any(norms(early, "I3", "I4"))
    assert all(norm > 0 for norm in norms(late, "I3", "I4"))
    passes = lambda steps: {s["architecture_passes"] for s in steps if "architecture_passes" in s}
    assert passes(early) == {1 + 1 + 2 + 2 * 2}, "no attack, and no way back through δ"
    assert passes(late) == {1 + 1 + 1 + 2 + 3 * 2}


@pytest.mark.parametrize(
    "changes",
    [
        {"search.adversarial_weights1": "true"},
        {"reweight": "abs", "reweight_normalization": "unit_mean"},
        {"reweight": "one_plus_abs", "reweight_normalization": "min_max"},
        {"hypergradient.approximation": "exact", "search.architecture.steps": 2},
        {"attack.norm": "l2", "attack.epsilon": 0.5, "attack.step_size": 0.2},
        {"search.architecture.optimizer": "sgd", "search.architecture.learning_rate": 0.1},
    ],
    ids=lambda changes: next(iter(changes)).rsplit(".", 1)[-1] + "-" + str([*changes.values()][-1]),
)
def test_a_switch_gives_finite_terms(data, tmp_path, changes):
    steps = search(data, tmp_path / "run", {"search.epochs": 1, **changes})
    for term in ("d1", "d2", "I1", "I2", "I3", "I4"):
        assert all(norm > 0 for norm in norms(steps, term)), term


def test_betty_compat_has_no_saliency_path(data, tmp_path):
    steps = search(data, tmp_path / "run", {"search.epochs": 1}, "--set", "preset=betty_compat")
    assert len(norms(steps, "I2")) == len(steps), "the architecture moves in every mini-batch"
    assert not any(norms(steps, "I3", "I4"))


def test_persistent_perturbations_survive_a_resume(data, tmp_path):
    changes = {"attack.persistent": "true", "search.epochs": 3}
    search(data, tmp_path / "whole", changes)
    search(data, tmp_path / "parts", {**changes, "search.max_steps": 4})
    search(data, tmp_path / "parts", changes, "--resume")
    last = "checkpoints/last.safetensors"
    whole = load_file(tmp_path / "whole" / last)
    parts = load_file(tmp_path / "parts" / last)
    assert whole.keys() == parts.keys()
    assert all((whole[name] == parts[name]).all() for name in whole)
    assert len(whole["perturbations.samples"]) == 24, "the images that the weights learn from"
    assert whole["perturbations.codes"].shape == (24, 3, 32, 32)
    assert whole["perturbations.codes"].element_size() == 1, "a byte per value"


def test_early_stopping_goes_back_to_the_earlier_genotype(data, tmp_path):
    changes = {f"search.eigenvalue.{key}": value for key, value in {
        "every": 1, "iterations": 3, "stop": "true", "window": 1, "delta": 1, "start_epoch": 0,
        "factor": 1e-6}.items()}
    changes["search.architecture.learning_rate"] = 0.3  # so that genotypes differ
    search(data, tmp_path / "run", changes)
    lines = [json.loads(x) for x in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if line["phase"] == "search_epoch"]
    assert all(epoch["eigenvalue"] > 0 for epoch in epochs), "so that it grows by more than 1e-6"
    assert len(epochs) == 2, "of four"
    found = (tmp_path / "run/genotype.txt").read_text().strip()
    assert found == epochs[0]["genotype"] != epochs[1]["genotype"]


def tune(data, out, *flags):
    return programs.run(
        *("sanas_search", "--tune-gamma", "--gammas", "0.5,2", "--config", "cifar10_darts2nd"),
        *("--data", data, "--threads", 1, "--quiet", "--out", out),
        *programs.settings({**TINY, "search.max_steps": 2, "evaluation.max_steps": 2}),
        *flags,
    )


def test_tune_gamma(tmp_path):
    data = programs.write_cifar10(tmp_path / "data", train=400)  # 2 of 20 in each half and class
    out = tmp_path / "gamma"
    result = tune(data, out)
    assert result.returncode == 0, result.stderr
    rows = [line.split("\t") for line in (out / "gamma.tsv").read_text().splitlines()]
    assert rows[0] == ["gamma", "accuracy", "genotype"]
    assert [row[0] for row in rows[1:]] == ["0.5", "2"]
    best = max(rows[1:], key=lambda row: float(row[1]))
    assert (out / "gamma.txt").read_text().strip() == best[0]
    for gamma in ("0.5", "2"):
        config = (out / f"gamma-{gamma}" / "search" / "config.yaml").read_text()
        assert f"gamma: {gamma}\n" in config and "holdout: 0.1\n" in config
        assert "test_on: holdout\n" in (out / f"gamma-{gamma}" / "eval/config.yaml").read_text()

    # What is done is kept, what is missing is made up for.
    kept = (out / "gamma-0.5/eval/weights.safetensors").stat().st_mtime_ns
    before = (out / "gamma.tsv").read_text()
    (out / "gamma-2/eval/weights.safetensors").unlink()
    assert tune(data, out).returncode == 3, "nothing is overwritten without --resume"
    assert tune(data, out, "--resume").returncode == 0
    assert (out / "gamma.tsv").read_text() == before
    assert (out / "gamma-0.5/eval/weights.safetensors").stat().st_mtime_ns == kept
    result = tune(data, out, "--resume", "--set", "search.weights.learning_rate=0.5")
    assert result.returncode == 2 and "search.weights.learning_rate" in result.stderr
    assert (out / "gamma.tsv").read_text() == before
