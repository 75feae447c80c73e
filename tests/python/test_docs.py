# SPDX-License-Identifier: Apache-2.0
"""Runs every command in the ```console blocks of the pages, in order, at tiny sizes."""

import re
import shlex
import subprocess

import pytest
from programs import SOURCE, program, settings, write_cifar100

TINY = {
    "dataset.workers": 1, "threads": 1, "supernet.channels": 2, "supernet.cells": 3,
    "search.batch_size": 8, "search.max_steps": 1, "search.epochs": 1, "evaluation.channels": 2,
    "evaluation.cells": 3, "evaluation.batch_size": 10, "evaluation.epochs": 1,
    "evaluation.max_steps": 1, "evaluation.test_images": 20, "attack.steps": 1,
    "search.random.candidates": 2,
}  # fmt: skip


def commands(page):
    blocks = re.findall(r"```console\n(.*?)```", (SOURCE / "docs" / page).read_text(), re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", "").splitlines() if line]


@pytest.mark.parametrize("page", ["evaluation.md", "datasets.md"])
def test_every_command_of_the_page_works(page, tmp_path):
    found = commands(page)
    assert len(found) >= 2
    (tmp_path / "configs").symlink_to(SOURCE / "configs")
    (tmp_path / "runs" / "search").mkdir(parents=True)
    preset = subprocess.run([program("sanas_inspect"), "genotype", "DARTS_V1"], check=True,
                            capture_output=True, text=True)  # fmt: skip
    (tmp_path / "runs" / "search" / "genotype.txt").write_text(preset.stdout)
    write_cifar100(tmp_path / "data", train=2000, test=20)
    for command in found:
        name, *arguments = shlex.split(command.replace("~/data", str(tmp_path / "data")))
        if "--config" in arguments:
            fixed = {key for key in TINY if any(a.startswith(key + "=") for a in arguments)}
            arguments += settings({k: v for k, v in TINY.items() if k not in fixed})
        result = subprocess.run([program(name), *arguments], cwd=tmp_path, capture_output=True,
                                text=True, check=False)  # fmt: skip
        assert result.returncode == 0, f"{command}\n{result.stderr}"
