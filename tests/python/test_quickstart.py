# SPDX-License-Identifier: Apache-2.0
"""scripts/quickstart.sh with the real programs on a small configuration: what it says, what it leaves,
and that it goes on after an interruption in each of its parts."""

import csv
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from programs import SOURCE, program

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
SMALL = {
    "subset: 12000": "subset: 400", "cells: 3, nodes: 4": "cells: 3, nodes: 1",
    "max_steps: 300": "max_steps: 20", "report_every: 30": "report_every: 5",
    "evaluation: {": "threads: 1\nevaluation: {test_images: 100, ",
}  # fmt: skip
PARTS = ("1/4", "2/4", "3/4", "4/4")

pytestmark = pytest.mark.skipif(
    not FASHION_MNIST.exists(), reason=f"{FASHION_MNIST} is missing (dataset-fashion-mnist)")


@pytest.fixture
def clone(tmp_path):
    """A tree with the script, a build that is there already, and the configuration in small."""
    tree = tmp_path / "a clone"
    for folder in ("scripts", "configs", "build/release"):
        (tree / folder).mkdir(parents=True)
    (tree / "scripts" / "quickstart.sh").symlink_to(SOURCE / "scripts" / "quickstart.sh")
    build = tree / "scripts" / "build.sh"
    build.write_text("#!/bin/sh\nfor i in 0 1 2 3 4; do echo \"[$i/4] Building CXX object\"; done\n")
    build.chmod(0o755)
    (tree / "build" / "release" / "bin").symlink_to(program("sanas_search").parent)
    text = (SOURCE / "configs" / "quickstart.yaml").read_text()
    for old, new in SMALL.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tree / "configs" / "quickstart.yaml").write_text(text)
    return tree


def start(tree, *arguments):
    command = [tree / "scripts" / "quickstart.sh", "--no-install", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            start_new_session=True)  # fmt: skip


def results(folder):
    """What a run found."""
    files = ("search/genotype.txt", "eval/test_accuracy.txt", "random/results.tsv",
             "saliency/predictions.jsonl")  # fmt: skip
    return {name: (folder / name).read_text() for name in files}


def test_it_goes_on_after_an_interruption_in_each_part(clone):
    whole = start(clone, "--out", "runs/whole")
    stdout, stderr = whole.communicate(timeout=300)
    assert whole.returncode == 0, stderr
    undisturbed = results(clone / "runs" / "whole")

    stops = 0
    for part in PARTS:  # each is interrupted when it has just begun
        process = start(clone, "--out", "runs/stopped")
        for line in process.stdout:
            if line.startswith(f"== {part}"):
                break
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        _, stderr = process.communicate(timeout=300)
        stops += process.returncode != 0
        assert process.returncode == 0 or "the same command goes on" in stderr, stderr
    process = start(clone, "--out", "runs/stopped")
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    assert stops >= 2
    assert results(clone / "runs" / "stopped") == undisturbed
    check_output(stdout, clone / "runs" / "whole", "runs/whole")


def check_output(text, folder, name):
    """The end says what lies in the folder, and its commands can be pasted."""
    assert "\r" not in text and "\x1b" not in text  # no terminal: plain lines
    assert re.search(r"^4 of 4 \(100 %\), about 0 min to go$", text, re.MULTILINE)
    end = text.partition("== Done")[2]
    accuracy = float((folder / "eval" / "test_accuracy.txt").read_text())
    assert f"Test accuracy  {100 * accuracy:.2f} %" in end
    with open(folder / "random" / "results.tsv", newline="") as file:
        others = [float(row["accuracy"]) for row in csv.DictReader(file, delimiter="\t")]
    assert len(others) == 3
    assert ", ".join(f"{100 * other:.2f} %" for other in others) in end
    genes = re.findall(r"'(\w+)', (\d)", (folder / "search" / "genotype.txt").read_text())
    words = re.findall(r"(\w+) of (\S+)", end.partition("Test accuracy")[0])
    assert [operation for operation, _ in words] == [operation for operation, _ in genes]
    assert f"Page           {name}/report.html" in end
    assert "http.server" in end or "xdg-open" in end
    assert len(list((folder / "saliency").glob("*_overlay.png"))) == 10


def test_a_failed_build_says_why(clone):
    (clone / "scripts" / "build.sh").write_text("#!/bin/sh\necho '[1/2] x'\necho 'no compiler'\nexit 1\n")
    process = start(clone)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no compiler" in stderr and "build/quickstart.log" in stderr
    assert not (clone / "runs").exists()


def test_an_unknown_option_is_refused(clone):
    process = start(clone, "--fast")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2 and "'--fast'" in stderr and "--out DIR" in stderr
