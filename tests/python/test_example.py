# SPDX-License-Identifier: Apache-2.0
"""The worked example of the library: hyper-parameters of a ResNet by the four-level chain."""

import math
import re

import programs


def test_the_resnet_learns_its_hyper_parameters(tmp_path):
    data = programs.write_cifar10(tmp_path / "data", train=80)
    result = programs.run(
        *("sanas_example_resnet", "--data", data, "--steps", 10, "--batch-size", 8),
        *("--width", 4, "--threads", 1),
    )
    assert result.returncode == 0, result.stderr
    losses = re.findall(r"validation loss (\S+) and (\S+)", result.stdout)
    assert len(losses) == 10
    assert all(math.isfinite(float(value)) for pair in losses for value in pair)
    numbers = {
        line.split(":")[0]: [float(word) for word in line.split(":")[1].split()]
        for line in result.stdout.splitlines()
        if line.startswith(("residual", "label", "weight"))
    }
    # Ten steps of Adam with rate 0.01 move each of them, and none by more than 0.1.
    scales, (smoothing,) = numbers["residual scales"], numbers["label smoothing"]
    assert len(scales) == 6 and all(0 < abs(scale - 1) < 0.11 for scale in scales)
    assert 0 < abs(math.log(smoothing / (1 - smoothing)) + 3) < 0.11
    decays = numbers["weight decay"]
    assert len(decays) == 3 and all(0 < abs(math.log(decay / 3e-4)) < 0.11 for decay in decays)
