# SPDX-License-Identifier: Apache-2.0
"""The command lines of all programs: verbs, the forms without them, help texts and versions."""

import json
import re
import shutil
import subprocess

import programs
import pytest
from programs import one_line_error, program, run, settings

CONFIGURATION, DATA = 2, 3
VERBS = {
    "sanas_search": (),
    "sanas_eval": ("train", "test", "compare"),
    "sanas_saliency": ("maps", "rate", "aggregate"),
    "sanas_inspect": ("count", "genotype", "derive", "convert", "report"),
    "sanas_probe": ("forward", "hypergradient", "loader", "time"),
}
HELPS = [(name, *verb) for name, verbs in VERBS.items() for verb in [(), *((v,) for v in verbs)]]
SMALL = {
    "dataset.workers": 0,
    "evaluation.channels": 2,
    "evaluation.cells": 3,
    "evaluation.batch_size": 2,
    "evaluation.max_steps": 1,
}
COMMON = ("--config", "cifar10_darts2nd", "--threads", 1, "--quiet", *settings(SMALL))


# Help and version -------------------------------------------------------------------------------


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_help_shows_names_and_defaults(words):
    """Of an option that takes a value, its type and what holds without it."""
    result = run(*words, "--help")
    assert result.returncode == 0 and not result.stderr
    assert not re.search(r"ENUM|->|[{}]", result.stdout)
    options = re.findall(r"^  (?:-h,)?(--\S+)(.*)", result.stdout, re.MULTILINE)
    assert options
    for name, rest in options:
        if re.match(r" [A-Z[]", rest):
            assert re.match(r" \S+ (\[[^]]+\]|\(required\))( \(needs --\S+\))?( |$)", rest), name
    assert sorted(VERBS[words[0]]) == sorted(verbs_in(run(words[0], "--help").stdout))


def verbs_in(text):
    """The verbs that a help text lists, without those that go to another program."""
    lines = text.partition("Subcommands:\n")[2].splitlines()
    return [line.split()[0] for line in lines if line.strip() and "done by" not in line]


@pytest.mark.parametrize(
    "words, expected",
    [
        (("sanas_search",), ("--strategy NAME [configured]", "--gammas LIST [0.1,0.5,1,2,3]")),
        (("sanas_search",), ("--out DIR [a new one in runs]", "--resume (needs --out)")),
        (("sanas_eval", "test"), ("--checkpoint FILE (required)", "--threads N [configured]")),
        (("sanas_eval", "compare"), ("--format NAME [text]",)),
        (("sanas_saliency", "maps"), ("--images NAME (required)", "--threads N [0]")),
        (("sanas_saliency", "maps"), ("--method NAME [pgd]", "--strength NUMBER [0.8]")),
        (("sanas_saliency", "maps"), ("--noise NUMBER [0.15]", "--dtype NAME [float32]")),
        (("sanas_saliency",), ("--checkpoint [NAME=]FILE (required)", "--color-map NAME [inferno]")),
        (("sanas_saliency",), ("\nAttack (--method pgd):\n", "--steps N [the preset's]")),
        (("sanas_saliency", "rate"), ("--out,--output FILE (required)", "--count N [20]")),
        (("sanas_inspect", "genotype"), ("--format NAME [text]", "[standard output]")),
        (("sanas_probe", "loader"), ("--split NAME [train]", "--batches N [0]")),
    ],
)
def test_what_help_says(words, expected):
    text = run(*words, "--help").stdout
    assert [part for part in expected if part not in text] == []


def test_versions_are_alike():
    lines = {name: run(name, "--version").stdout for name in VERBS}
    built = {line.removeprefix(name) for name, line in lines.items()}
    assert len(built) == 1
    pattern = r" \d+\.\d+\.\d+ \(LibTorch [\d.]+(, with(out)? (CUDA|OpenCV|LibArchive)){3}\)\n"
    assert re.fullmatch(pattern, built.pop())


# Verbs and the forms without them ---------------------------------------------------------------


@pytest.fixture(scope="module", name="data")
def cifar10_folder(tmp_path_factory):
    return programs.write_cifar10(tmp_path_factory.mktemp("data") / "cifar10")


def done(*words):
    result = run(*words)
    assert result.returncode == 0, result.stderr
    return result.stdout


def training(verb, data, out):
    return done("sanas_eval", *verb, *COMMON, "--data", data, "--genotype", "DARTS_V2", "--out", out)


@pytest.fixture(scope="module", name="trained")
def trained_without_a_verb(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "run"
    return out, training((), data, out)


def contents(folder, *names):
    return {name: (folder / name).read_bytes() for name in names}


def test_train_is_what_no_verb_does(trained, data, tmp_path):
    old, printed = trained
    new = tmp_path / "run"
    assert training(("train",), data, new) == printed
    names = ("config.yaml", "genotype.txt", "weights.safetensors", "test_accuracy.txt")
    assert contents(new, *names) == contents(old, *names)


def test_a_training_prints_its_test(trained):
    old, printed = trained
    report = json.loads((old / "test_report.json").read_text())
    found = re.fullmatch(r"test \(plain, 10 images\): loss ([\d.]+), top-1 ([\d.]+) %, .*\n", printed)
    assert float(found[1]) == pytest.approx(report["loss"], abs=5e-5)
    assert float(found[2]) == pytest.approx(100 * report["top1"], abs=5e-3)


def test_test_is_what_test_only_does(trained, data):
    checkpoint = trained[0] / "checkpoints" / "last.safetensors"
    words = (*COMMON, "--data", data, "--checkpoint", checkpoint)
    assert done("sanas_eval", "test", *words) == done("sanas_eval", "--test-only", *words)


def test_maps_is_what_no_verb_does(trained, data, tmp_path):
    checkpoint = trained[0] / "checkpoints" / "last.safetensors"
    for verb, name in (((), "old"), (("maps",), "new")):
        done("sanas_saliency", *verb, "--checkpoint", checkpoint, "--images", "cifar10:test",
             "--data", data, "--count", 2, "--method", "gradient", "--out", tmp_path / name,
             "--threads", 1, "--quiet")  # fmt: skip
    old, new = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()
                 if path.suffix in (".png", ".safetensors") or path.name == "predictions.jsonl"}
                for name in ("old", "new"))  # fmt: skip
    assert len(old) >= 6 and old == new


@pytest.mark.parametrize(
    "words, expected",
    [
        (("sanas_eval", "test", "--checkpoint", "x", "--out", "y"), "--out"),
        (("sanas_eval", "test", "--checkpoint", "x", "--seeds", "1"), "--seeds"),
        (("sanas_eval", "test", "--checkpoint", "x", "--weights", "y"), "--weights"),
        (("sanas_eval", "test", "--config", "quickstart"), "--checkpoint is required"),
        (("sanas_eval", "train", "--checkpoint", "x"), "--checkpoint"),
        (("sanas_eval", "train", "--test-only"), "--test-only"),
        (("sanas_eval", "compare", "a", "b", "--config", "x"), "--config"),
        (("sanas_eval", "compare", "a", "b", "--format", "0"), "one of text, csv, latex"),
        (("sanas_eval", "--config", "x", "train"), "--config has to stand behind train"),
        (("sanas_eval", "--config", "x", "compare", "a", "b"), "--config does not apply to compare"),
        (("sanas_saliency", "rate", "--maps", "x", "--out", "y", "--images", "z"), "--images"),
        (("sanas_saliency", "maps", "--checkpoint", "x", "--images", "y"), "--out is required"),
        (("sanas_saliency", "maps", "--threads", "-1"), "--threads"),
        (("sanas_saliency", "--device", "gpu"), "cuda:N"),
        (("sanas_saliency", "aggregate", "x", "--seed", "-1"), "--seed"),
        (("sanas_inspect", "count", "--weights", "x"), "--weights"),
    ],
)
def test_options_that_a_verb_does_not_have(words, expected):
    one_line_error(words[0], run(*words), CONFIGURATION, expected)


# What sanas_inspect hands over ------------------------------------------------------------------


def test_the_verbs_of_the_probe_are_handed_over(data, tmp_path):
    words = ("loader", "--config", "eval_cifar10", "--data", data, "--batches", 1, "--set",
             "evaluation.batch_size=4", "--out")  # fmt: skip
    for name in ("sanas_inspect", "sanas_probe"):
        assert "4 images in 1 batches" in done(name, *words, tmp_path / f"{name}.safetensors")
    one, other = (tmp_path / f"{name}.safetensors" for name in ("sanas_inspect", "sanas_probe"))
    assert one.read_bytes() == other.read_bytes()
    assert "--split NAME" in done("sanas_inspect", "loader", "--help")
    for name in ("sanas_inspect", "sanas_probe"):
        one_line_error(name, run(name, "loader", "--split", "all"), CONFIGURATION, "train, test")


def test_a_probe_that_is_not_there(tmp_path):
    alone = tmp_path / "sanas_inspect"
    shutil.copy(program("sanas_inspect"), alone)
    result = subprocess.run([alone, "loader", "--config", "x"], capture_output=True, text=True)
    one_line_error("sanas_inspect", result, DATA, tmp_path / "sanas_probe", "'loader'", "build.sh")
