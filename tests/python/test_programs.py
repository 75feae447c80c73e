# SPDX-License-Identifier: Apache-2.0
"""The programs as a user runs them: search → evaluation → saliency on real images, and bad input."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from programs import SOURCE, one_line_error, program, run, settings

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
SMALL = {
    "dataset.subset": 200,
    "dataset.workers": 1,
    "supernet.channels": 2,
    "supernet.cells": 3,
    "search.batch_size": 8,
    "search.max_steps": 2,
    "search.report_every": 1,
    "evaluation.channels": 2,
    "evaluation.cells": 3,
    "evaluation.max_steps": 2,
    "threads": 1,
}
SETTINGS = settings(SMALL)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    if not FASHION_MNIST.exists():
        pytest.skip(f"{FASHION_MNIST} is missing (Debian's dataset-fashion-mnist)")
    out = tmp_path_factory.mktemp("run") / "search"
    result = run("sanas_search", "--config", "quickstart", "--out", out, "--quiet", *SETTINGS)
    assert result.returncode == 0, result.stderr
    return out


def test_search_writes_its_run_folder_and_moves_the_architecture(searched):
    for name in ("config.yaml", "log.txt", "genotype.txt", "cells/normal.svg"):
        assert (searched / name).stat().st_size > 0, name
    lines = [json.loads(line) for line in (searched / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["phase"] == "search"]
    assert steps[0]["architecture_passes"] == 17  # method §3.2
    for term in ("d1", "d2", "I1", "I2", "I3", "I4"):
        assert steps[0][f"norm_{term}"] > 0, term
    assert lines[-1]["phase"] == "search_epoch"
    assert lines[-1]["architecture_change"] > 0


def test_a_second_search_with_the_same_seed_is_bitwise_the_same(searched, tmp_path):
    again = tmp_path / "again"
    alone = [*SETTINGS, "--set", "dataset.workers=0"]
    run("sanas_search", "--config", "quickstart", "--out", again, "--quiet", *alone)
    numbers = []
    for folder in (searched, again):
        text = (folder / "metrics.jsonl").read_text().splitlines()
        records = [json.loads(line) for line in text]
        numbers.append(
            [
                {k: v for k, v in r.items() if "seconds" not in k and "memory" not in k}
                for r in records
            ]
        )
    assert numbers[0] == numbers[1]


def test_a_run_is_not_overwritten(searched):
    result = run("sanas_search", "--config", "quickstart", "--out", searched, "--quiet", *SETTINGS)
    one_line_error("sanas_search", result, 3, str(searched))


def test_evaluation_and_saliency(searched, tmp_path):
    genotype, evaluated = searched / "genotype.txt", tmp_path / "eval"
    arguments = ("--config", "quickstart", "--genotype", genotype, "--out", evaluated, "--quiet")
    result = run("sanas_eval", *arguments, *SETTINGS)
    assert result.returncode == 0, result.stderr
    assert 0.0 <= float((evaluated / "test_accuracy.txt").read_text()) <= 1.0
    maps = tmp_path / "maps"
    checkpoint = evaluated / "checkpoints" / "last.safetensors"
    arguments = ("--checkpoint", checkpoint, "--images", "fashion_mnist:test", "--count", 2)
    result = run("sanas_saliency", *arguments, "--output", maps, "--quiet")
    assert result.returncode == 0, result.stderr
    assert (maps / "contact_sheet.png").stat().st_size > 1000
    assert len(list(maps.glob("*_heat.png"))) == 2


def test_an_unknown_key_is_a_configuration_error():
    result = run("sanas_search", "--config", "quickstart", "--set", "search.epoch=3")
    one_line_error("sanas_search", result, 2, "search.epoch", "epochs")


def test_a_missing_data_set_is_a_data_error(tmp_path):
    result = run(
        "sanas_search", "--config", "cifar100_darts2nd", "--data", tmp_path, "--out", tmp_path / "x"
    )
    one_line_error("sanas_search", result, 3, str(tmp_path))
    assert not (tmp_path / "x").exists()


def test_an_unknown_genotype_is_a_file_error(tmp_path):
    result = run("sanas_eval", "--config", "quickstart", "--genotype", "DARTS_V9")
    one_line_error("sanas_eval", result, 3, "DARTS_V9", "DARTS_V2")


@pytest.mark.parametrize(
    "name", ["sanas_search", "sanas_eval", "sanas_saliency", "sanas_inspect", "sanas_probe"]
)
@pytest.mark.parametrize(
    ("given", "spins"),
    [({}, "2000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "passive"}, "0")],
)
def test_idle_threads_spin_for_a_bounded_time(name, given, spins):
    """As libgomp itself understood its environment when the program was loaded."""
    names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {key: value for key, value in os.environ.items() if key not in names}
    environment |= {"OMP_DISPLAY_ENV": "verbose", **given}
    result = subprocess.run(
        [program(name), "--version"], env=environment, capture_output=True, text=True, check=True
    )
    assert f"GOMP_SPINCOUNT = '{spins}'" in result.stderr
    assert result.stdout.startswith(f"{name} ")


def test_programs_keep_their_name_and_start_through_the_loader(tmp_path):
    """The second start, with the environment completed, is of the program and under its name."""
    loader = Path("/lib64/ld-linux-x86-64.so.2")
    if loader.exists():
        result = subprocess.run([loader, program("sanas_inspect"), "--version"], check=True,
                                capture_output=True, text=True)  # fmt: skip
        assert result.stdout.startswith("sanas_inspect ")
    words = [program("sanas_search"), "--config", "quickstart", "--out", tmp_path / "out", "--quiet"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          cwd=SOURCE) as process:  # fmt: skip
        environment = b""
        while process.poll() is None and b"GOMP_SPINCOUNT" not in environment:
            environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        name = Path(f"/proc/{process.pid}/comm").read_text()
        process.kill()
    assert b"GOMP_SPINCOUNT" in environment and name == "sanas_search\n"
