# SPDX-License-Identifier: Apache-2.0
"""scripts/benchmarks/kernels.py at a size of seconds: its tables, and that all sides compute the same."""

import re
import subprocess
import sys

import pytest
from programs import SOURCE, program

SCRIPT = SOURCE / "scripts" / "benchmarks" / "kernels.py"
TINY = ("--threads 1 --rounds 1 --image-size 8 --channels 4 --cells 3 --batch 8 "
        "--discrete-channels 4 --discrete-cells 3 --discrete-batch 8 --part 3").split()


def benchmark(*words):
    command = [sys.executable, SCRIPT, "--bin", program("sanas_probe").parent, *TINY, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def tables(text):
    """{first line: the other rows}, each a list of cells."""
    result = {}
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in block.splitlines()]
        assert {len(row) for row in rows} == {len(head)}
        result[tuple(head)] = rows
    return result


@pytest.mark.parametrize("only, works", [("a", 1), ("f", 1)])
def test_times_and_memory_of_all_sides(only, works):
    result = benchmark("--only", only)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "All losses agree to 0.0001." in result.stdout
    (times_head, times), (memory_head, memory) = tables(result.stdout).items()
    assert times_head[2:6] == tuple(
        f"{side}, s" for side in ("kernels", "composed", "PyTorch NCHW", "PyTorch channels last"))
    assert [row[:2] for row in times] == [row[:2] for row in memory] and len(times) == works
    for row in times:
        assert all(float(cell) > 0 for cell in row[2:]), row
    for row in memory:
        assert all(re.fullmatch(r"\d+ \(\d+\)|", cell) for cell in row[2:6]), row
    assert ("GFLOP/s" in result.stdout) == (only == "a")


def test_a_part_that_is_not_there_is_refused():
    result = benchmark("--only", "a,h")
    assert result.returncode == 1
    assert result.stderr.strip() == "--only: there is no part h; expected some of a,b,c,d,e,f,g"
