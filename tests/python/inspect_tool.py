# SPDX-License-Identifier: Apache-2.0
"""Drives `sanas_inspect`, whose path is in the environment variable SANAS_INSPECT, and the
`sanas_probe` beside it."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file


PROBED = ("forward", "hypergradient", "loader")


def _scalar(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def yaml_text(config, indent=0):
    """A nested dictionary of scalars as YAML."""
    lines = []
    for key, value in config.items():
        if isinstance(value, dict):
            lines.append(" " * indent + f"{key}:")
            lines.append(yaml_text(value, indent + 2))
        else:
            lines.append(" " * indent + f"{key}: {_scalar(value)}")
    return "\n".join(lines)


class Inspect:
    """One temporary folder and the verbs of both programs."""

    def __init__(self, program, folder):
        self.program, self.folder = Path(program), Path(folder)

    def run(self, verb, *arguments):
        """Standard output of a call that must succeed."""
        program = self.program.with_name("sanas_probe") if verb in PROBED else self.program
        result = subprocess.run(
            [program, verb, *(str(argument) for argument in arguments)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert result.returncode == 0, f"exit {result.returncode}: {result.stderr}"
        return result.stdout

    def write_config(self, config, name="config.yaml"):
        path = self.folder / name
        path.write_text(yaml_text(config) + "\n", encoding="utf-8")
        return path

    def write_tensors(self, tensors, name):
        path = self.folder / name
        save_file({key: tensor.detach().contiguous() for key, tensor in tensors.items()}, path)
        return path

    @staticmethod
    def read_tensors(path):
        return load_file(path)

    def forward(self, what, weights, inputs, mode, dtype, *options):
        """The output tensors; `what` = ("--config", …) or ("--genotype", …, more options)."""
        output = self.folder / "output.safetensors"
        self.run(
            "forward",
            *what,
            "--weights",
            self.write_tensors(weights, "weights.safetensors"),
            "--input",
            self.write_tensors(inputs, "input.safetensors"),
            "--out",
            output,
            "--mode",
            mode,
            "--dtype",
            str(dtype).removeprefix("torch."),
            *options,
        )
        return self.read_tensors(output)

    def derive(self, config, arch, *options):
        """The genotypes of a batch of architecture parameters, one text per line."""
        alphas = self.write_tensors(arch, "alphas.safetensors")
        text = self.run(
            "derive", "--config", self.write_config(config), "--alphas", alphas, *options
        )
        return text.strip().splitlines()

    def hypergradient(self, config, state, *settings):
        """The output tensors of the four-level hypergradient in double precision."""
        output = self.folder / "hypergradient.safetensors"
        self.run(
            "hypergradient",
            "--config",
            self.write_config(config),
            "--state",
            self.write_tensors(state, "state.safetensors"),
            "--out",
            output,
            "--dtype",
            "float64",
            *(word for setting in settings for word in ("--set", setting)),
        )
        return self.read_tensors(output)

    def count(self, *arguments):
        """The counts as a dictionary."""
        return json.loads(self.run("count", *arguments, "--json"))


def program_or_skip():
    """The program's path; skips the test where there is none."""
    program = os.environ.get("SANAS_INSPECT")
    if not program:
        pytest.skip("SANAS_INSPECT does not name the program sanas_inspect")
    if not os.access(program, os.X_OK):
        pytest.skip(f"SANAS_INSPECT names {program}, which is not a program")
    return program


def supernet_config(family, channels, cells, space="darts", dataset="cifar10", **more):
    """A configuration of a small supernet with the fixed schema."""
    return {
        "name": "parity",
        "dataset": {"name": dataset, **more.pop("dataset_options", {})},
        "supernet": {
            "family": family,
            "space": space,
            "channels": channels,
            "cells": cells,
            "nodes": 4,
        },
        **more,
    }


def assert_close(found, expected, tolerance, what):
    """Largest difference ≤ tolerance × (largest entry, at least one)."""
    assert found.shape == expected.shape, (what, found.shape, expected.shape)
    if expected.numel() == 0:
        return
    scale = max(1.0, float(expected.abs().max()))
    error = float((found.double() - expected.double()).abs().max())
    assert error <= tolerance * scale, f"{what}: off by {error:.3g} at scale {scale:.3g}"


def randomise(model, seed):
    """Random weights, gammas around one and running statistics, so that nothing is neutral."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for tensor in model.parameters():
            if tensor.dim() >= 2:
                tensor.copy_(torch.randn_like(tensor) / tensor[0].numel() ** 0.5)
            else:
                tensor.copy_(0.3 * torch.randn_like(tensor))
        for name, module in model.named_modules():
            if not isinstance(module, torch.nn.BatchNorm2d):
                continue
            if module.affine:
                module.weight.add_(1.0)
            if module.track_running_stats:
                module.running_mean.normal_(0.0, 0.2)
                module.running_var.uniform_(0.5, 1.5)
    return model


def random_arch(model, scale=0.5):
    """Random alphas and betas of a search network as leaves."""
    return {
        name: (scale * torch.randn((14, 8) if name.startswith("alphas") else 14)).requires_grad_()
        for name in model.arch_names
    }
