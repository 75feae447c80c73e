# SPDX-License-Identifier: Apache-2.0
"""What `sanas_eval` offers beyond one training: several seeds, random genotypes, selection, ways of
predicting, and the reports; and random search."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from programs import SHARED_DATA, one_line_error, run, settings
from reference import genotypes
from safetensors import safe_open

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
SMALL = {
    "dataset.subset": 60, "dataset.workers": 1, "threads": 1, "evaluation.channels": 2,
    "evaluation.cells": 3, "evaluation.epochs": 1, "evaluation.batch_size": 10,
    "evaluation.test_images": 40, "evaluation.report_every": 1,
}  # fmt: skip
COMMON = ("--config", "quickstart", "--quiet")
GENOTYPE = ("--genotype", "DARTS_V2")

pytestmark = pytest.mark.skipif(
    not FASHION_MNIST.exists(), reason=f"{FASHION_MNIST} is missing (dataset-fashion-mnist)")


def done(name, *arguments):
    result = run(name, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def records(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def report(folder):
    return json.loads((folder / "test_report.json").read_text())


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_report_says_what_was_got_right(tmp_path):
    out = tmp_path / "run"
    done("sanas_eval", *COMMON, *GENOTYPE, *settings(SMALL), "--out", out)
    found = report(out)
    confusion = np.array(found["confusion"])
    assert confusion.shape == (10, 10) and confusion.sum() == 40 == found["images"]
    assert found["top1"] == pytest.approx(np.trace(confusion) / 40)
    assert float((out / "test_accuracy.txt").read_text()) == pytest.approx(found["top1"], abs=1e-4)
    for row, entry in zip(confusion, found["classes"]):
        assert entry["images"] == row.sum()
    rows = [line.split("\t") for line in (out / "confusion.tsv").read_text().splitlines()]
    assert np.array_equal(np.array([row[1:] for row in rows[1:]], dtype=int), confusion)
    assert 0 <= found["calibration_error"] <= 1 and found["selection"] == "last"
    # The same network from its checkpoint.
    checkpoint = out / "checkpoints" / "last.safetensors"
    text = done("sanas_eval", *COMMON, *settings(SMALL), "--test-only", "--checkpoint", checkpoint)
    assert f"top-1 {100 * found['top1']:.2f} %" in text and f"loss {found['loss']:.4f}" in text
    # It is of this genotype and data set, and no others.
    again = (*COMMON, *settings(SMALL), "--test-only", "--checkpoint", checkpoint)
    done("sanas_eval", *again, *GENOTYPE)
    result = run("sanas_eval", *again, "--genotype", "DARTS_V1")
    one_line_error("sanas_eval", result, 3, checkpoint, "another genotype")


def test_seeds_resume_and_their_mean(tmp_path):
    out = tmp_path / "seeds"
    arguments = (*COMMON, *GENOTYPE, *settings(SMALL), "--out", out)
    text = done("sanas_eval", *arguments, "--seeds", "0-1,5")
    rows = table(out / "results.tsv")
    assert [row["name"] for row in rows] == ["seed-0", "seed-1", "seed-5"]
    values = [float(row["accuracy"]) for row in rows]
    for row, value in zip(rows, values):
        assert report(out / row["name"])["top1"] == value
    summary = f"mean of 3: {100 * np.mean(values):.2f} ± {100 * np.std(values, ddof=1):.2f} %"
    assert summary in text
    # A fourth seed is added; the first three are not trained again.
    before = {row["name"]: (out / row["name"] / "weights.safetensors").stat().st_mtime_ns
              for row in rows}
    done("sanas_eval", *arguments, "--seeds", "0-1,5,6", "--resume")
    assert len(table(out / "results.tsv")) == 4
    for name, time in before.items():
        assert (out / name / "weights.safetensors").stat().st_mtime_ns == time
    # Their scores are not taken for those of another configuration or genotype.
    other_rate = (*arguments, *settings({"evaluation.learning_rate": 0.3}))
    other_genotype = (*COMMON, "--genotype", "DARTS_V1", *settings(SMALL), "--out", out)
    for words, status, named in ((other_rate, 2, "evaluation.learning_rate"),
                                 (other_genotype, 3, "another genotype")):
        result = run("sanas_eval", *words, "--seeds", "0-1,5,6", "--resume")
        one_line_error("sanas_eval", result, status, named)
    assert len(table(out / "results.tsv")) == 4
    # One seed by itself is the same training.
    alone = tmp_path / "alone"
    done("sanas_eval", *COMMON, *GENOTYPE, *settings(SMALL), "--out", alone, "--seed", 5)
    assert report(alone)["loss"] == report(out / "seed-5")["loss"]
    # What compare reads.
    other = tmp_path / "other.txt"
    other.write_text("0.1\n0.2\n")
    assert "one-sample t" in done("sanas_eval", "compare", out, other)


def test_random_genotypes_are_different_and_valid(tmp_path):
    out = tmp_path / "random"
    done("sanas_eval", *COMMON, *settings(SMALL), "--random-genotypes", 2, "--out", out)
    rows = table(out / "results.tsv")
    assert [row["name"] for row in rows] == ["random-0", "random-1"]
    texts = [row["genotype"] for row in rows]
    assert texts[0] != texts[1]
    for row in rows:
        genotypes.parse(row["genotype"])
        assert row["genotype"] == (out / row["name"] / "genotype.txt").read_text().strip()


def parameters(folder):
    """Counted in the weights that lie in the folder."""
    with safe_open(folder / "weights.safetensors", "np") as file:
        names = [name for name in file.keys() if "running_" not in name and "num_batches" not in name]
        return sum(math.prod(file.get_slice(name).get_shape()) for name in names)


def test_random_genotypes_may_be_asked_to_be_as_large_as_another(tmp_path):
    small = settings({**SMALL, "evaluation.max_steps": 1})
    done("sanas_eval", *COMMON, *small, "--random-genotypes", 1, "--seed", 9, "--out", tmp_path / "one")
    wanted = tmp_path / "one" / "random-0"
    words = (*COMMON, *small, "--random-genotypes", 4, "--out")
    like = ("--as-large-as", wanted / "genotype.txt")
    done("sanas_eval", *words, tmp_path / "any")
    done("sanas_eval", *words, tmp_path / "alike", *like)
    off = {name: [abs(parameters(tmp_path / name / f"random-{i}") / parameters(wanted) - 1)
                  for i in range(4)] for name in ("any", "alike")}  # fmt: skip
    assert max(off["alike"]) <= 0.1 < max(off["any"])
    rows = table(tmp_path / "alike" / "results.tsv")
    assert len({row["genotype"] for row in rows}) == 4
    # A resume draws the same ones.
    results = (tmp_path / "alike" / "results.tsv").read_text()
    done("sanas_eval", *words, tmp_path / "alike", *like, "--resume")
    assert (tmp_path / "alike" / "results.tsv").read_text() == results


def test_a_size_is_for_random_genotypes():
    result = run("sanas_eval", *COMMON, "--as-large-as", "DARTS_V2", "--genotype", "DARTS_V2")
    one_line_error("sanas_eval", result, 2, "--as-large-as", "--random-genotypes")


def test_a_space_without_genotypes_of_that_size_gives_the_nearest(tmp_path):
    # No edge of S1 has a separable 5×5 convolution, all edges of this genotype have.
    genes = [("sep_conv_5x5", source) for node in range(4) for source in (node, node + 1)]
    cells = f"normal={genes}, normal_concat=[2, 3, 4, 5], reduce={genes}, reduce_concat=[2, 3, 4, 5]"
    (tmp_path / "large.txt").write_text(f"Genotype({cells})")
    words = (*COMMON, *settings({**SMALL, "supernet.space": "s1", "evaluation.max_steps": 1}),
             "--random-genotypes")  # fmt: skip
    result = run("sanas_eval", *words, 2, "--as-large-as", tmp_path / "large.txt",
                 "--out", tmp_path / "near")  # fmt: skip
    assert result.returncode == 0
    assert "--as-large-as" in result.stderr and "% off" in result.stderr
    done("sanas_eval", *words, 10, "--out", tmp_path / "any")
    sizes = {name: [parameters(tmp_path / name / f"random-{i}") for i in range(count)]
             for name, count in (("near", 2), ("any", 10))}  # fmt: skip
    assert min(sizes["near"]) >= max(sizes["any"])  # nothing in S1 is as large as what was asked for


def test_random_search_keeps_the_best(tmp_path):
    out = tmp_path / "search"
    small = {
        "dataset.subset": 100, "dataset.workers": 1, "threads": 1, "supernet.channels": 2,
        "supernet.cells": 3, "search.batch_size": 10, "search.random.epochs": 1,
        "search.random.candidates": 3,
    }  # fmt: skip
    text = done("sanas_search", *COMMON, *settings(small), "--strategy", "random", "--out", out)
    rows = table(out / "candidates" / "results.tsv")
    best = max(rows, key=lambda row: float(row["accuracy"]))
    assert len(rows) == 3
    assert text.strip() == best["genotype"] == (out / "genotype.txt").read_text().strip()
    for row in rows:  # trained on one half, tested on the other
        folder = out / "candidates" / row["name"]
        assert report(folder)["images"] == 50
        assert records(folder)[-2]["step"] == 5


def test_random_search_spends_the_compute_of_the_search(tmp_path):
    # 2 epochs of 1 + 1/3·8 + 1/5·17 passes of the search network; count says how dear both are.
    small = {
        "dataset.subset": 40, "dataset.workers": 0, "threads": 1, "supernet.channels": 2,
        "supernet.cells": 3, "search.batch_size": 10, "search.epochs": 1,
        "search.random.epochs": 20,
    }  # fmt: skip
    out = tmp_path / "search"
    done("sanas_search", *COMMON, *settings(small), "--strategy", "random", "--out", out)
    keep = {k: v for k, v in small.items() if k.startswith("supernet")}
    macs = lambda *a: json.loads(done("sanas_inspect", "count", "--json", *a))["macs"]
    passes = 1 + 8 / 3 + 17 / 5
    budget = passes * macs("--config", out / "config.yaml", *settings(keep))
    rows = table(out / "candidates" / "results.tsv")
    costs = [20 * macs("--genotype", out / "candidates" / row["name"] / "genotype.txt",
                       "--dataset", "fashion_mnist", "--channels", 2, "--cells", 3)
             for row in rows]
    assert sum(costs[:-1]) < budget <= sum(costs)


def test_selection_on_held_out_images(tmp_path):
    small = {**SMALL, "evaluation.epochs": 3, "dataset.holdout": 0.2}
    for selection in ("validation", "test"):
        out = tmp_path / selection
        chosen = settings({**small, "evaluation.selection": selection})
        done("sanas_eval", *COMMON, *GENOTYPE, *chosen, "--out", out)
        epochs = [r for r in records(out) if r["phase"] == "train_epoch"]
        scores = [epoch[f"{selection}_top1"] for epoch in epochs]
        found = report(out)
        assert len(scores) == 3 and found["epoch"] == scores.index(max(scores))
        with safe_open(out / "checkpoints" / "best.safetensors", "pt") as best:
            assert int(best.metadata()["step"]) == epochs[found["epoch"]]["step"]
        log = (out / "log.txt").read_text()
        assert ("too good" in log) == (selection == "test") == found["selected_on_test_images"]
    assert report(tmp_path / "test")["top1"] == max(scores)
    refused = settings({**SMALL, "evaluation.selection": "validation"})
    result = run("sanas_eval", *COMMON, *GENOTYPE, *refused, "--out", tmp_path / "x")
    one_line_error("sanas_eval", result, 2, "evaluation.selection", "dataset.holdout")


def test_three_ways_to_predict(tmp_path):
    out = tmp_path / "two"
    small = settings({**SMALL, "evaluation.inference": "two_networks", "attack.steps": 2,
                      "evaluation.latency_runs": 3, "reweight": "one_plus_abs"})
    done("sanas_eval", *COMMON, *GENOTYPE, *small, "--out", out)
    found = report(out)
    assert [r["inference"] for r in found["results"]] == ["plain", "reweighted", "two_networks"]
    assert found["inference"] == "two_networks" and found["top1"] == found["results"][-1]["top1"]
    for result in found["results"]:
        assert 0 < result["latency"]["median_seconds"] <= result["latency"]["percentile95_seconds"]
    # An attack costs two passes more.
    assert (found["results"][1]["latency"]["median_seconds"]
            > found["results"][0]["latency"]["median_seconds"])
    checkpoints = ("--checkpoint", out / "checkpoints" / "last.safetensors",
                   "--second", out / "second" / "checkpoints" / "last.safetensors")
    text = done("sanas_eval", *COMMON, *small, "--test-only", *checkpoints)
    for result in found["results"]:
        assert f"test ({result['inference']}, 40 images): loss {result['loss']:.4f}" in text
    result = run("sanas_eval", *COMMON, *small, "--test-only", *checkpoints[:2])
    one_line_error("sanas_eval", result, 2, "--second")


def test_accuracy_against_latency(tmp_path):
    out = tmp_path / "cells"
    done("sanas_eval", *COMMON, *GENOTYPE, *settings(SMALL), "--cells", "2,4", "--out", out)
    shallow, deep = table(out / "results.tsv")
    assert int(shallow["parameters"]) < int(deep["parameters"])
    for row in (shallow, deep):
        assert 0 < float(row["latency_median_ms"]) <= float(row["latency_percentile95_ms"])


@pytest.mark.parametrize("kind", ["ema", "selection"])
def test_interrupted_training_ends_like_an_uninterrupted_one(tmp_path, kind):
    extra = ({"evaluation.ema_decay": 0.9} if kind == "ema"
             else {"evaluation.selection": "test"})
    small = {**SMALL, **extra, "evaluation.epochs": 3}
    arguments = (*COMMON, *GENOTYPE, *settings(small))
    done("sanas_eval", *arguments, "--out", tmp_path / "whole")
    part = tmp_path / "part"
    done("sanas_eval", *arguments, "--set", "evaluation.max_steps=8", "--out", part)
    done("sanas_eval", *arguments, "--out", part, "--resume")
    for name in ("weights.safetensors", "test_report.json"):
        assert (part / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_photographs(tmp_path):
    folder = SHARED_DATA / "imagenet-sample"
    if not folder.exists():
        pytest.skip(f"{folder} is missing")
    small = {"evaluation.channels": 4, "evaluation.cells": 3, "evaluation.batch_size": 8,
             "evaluation.max_steps": 2, "evaluation.report_every": 1, "dataset.workers": 1,
             "threads": 1}  # fmt: skip
    arguments = ("--config", "eval_imagenet_darts", "--data", folder, "--quiet")
    out = tmp_path / "run"
    done("sanas_eval", *arguments, *GENOTYPE, *settings(small), "--out", out)
    found = report(out)
    assert [c["name"] for c in found["classes"]] == ["arthropod", "bird", "dog", "reptile"]
    assert np.sum(found["confusion"]) == found["images"] == 37
    assert found["top5"] == 1.0


@pytest.mark.parametrize("text", ["", "1-", "3-1", "1,1", "a", "0-20000", "-1"])
def test_a_list_of_seeds_that_is_none(text, tmp_path):
    result = run("sanas_eval", *COMMON, *GENOTYPE, f"--seeds={text}", "--out", tmp_path / "x")
    if text:
        one_line_error("sanas_eval", result, 2, "--seeds")
    else:
        assert result.returncode == 2


def test_precision_and_accumulation_are_settings(tmp_path):
    out = tmp_path / "run"
    small = {**SMALL, "evaluation.precision": "bfloat16", "evaluation.accumulation_steps": 3}
    done("sanas_eval", *COMMON, *GENOTYPE, *settings(small), "--out", out)
    assert all(math.isfinite(r["loss"]) for r in records(out) if r["phase"] == "train")
    refused = settings({**SMALL, "evaluation.accumulation_steps": 11})
    result = run("sanas_eval", *COMMON, *GENOTYPE, *refused, "--out", tmp_path / "x")
    one_line_error("sanas_eval", result, 2, "evaluation.accumulation_steps")
