# SPDX-License-Identifier: Apache-2.0
"""One thread and double precision for all tests, and the program under test."""

import pytest
import torch
from inspect_tool import Inspect, program_or_skip

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


@pytest.fixture(name="inspect")
def inspect_program(tmp_path):
    """`sanas_inspect` and `sanas_probe` in a temporary folder of their own."""
    return Inspect(program_or_skip(), tmp_path)
