# SPDX-License-Identifier: Apache-2.0
"""Small trained networks for the tests of sanas_saliency, and the same networks in PyTorch."""

import json
import shutil

import numpy as np
import programs
import torch
from inspect_tool import randomise
from PIL import Image
from reference import genotypes
from reference.darts import Darts
from reference.discrete import DiscreteNetwork
from reference.network import STATISTICS
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

GENOTYPE = "DARTS_V2"
SMALL = {
    "dataset.workers": 0,
    "supernet.channels": 4,
    "supernet.cells": 3,
    "attack.steps": 1,
    "search.batch_size": 2,
    "search.max_steps": 1,
    "search.validate_every": 0,
    "evaluation.channels": 4,
    "evaluation.cells": 3,
    "evaluation.batch_size": 2,
    "evaluation.max_steps": 1,
    "evaluation.auxiliary_weight": 0.0,
}


def run_once(program, folder, *arguments, write_data=programs.write_cifar10):
    """Trains or searches for a step; the checkpoint, with the data set beside its run."""
    data = write_data(folder / "data")
    out = folder / "run"
    command = ("--data", data, "--out", out, "--threads", 1, "--quiet")
    result = programs.run(program, *command, *arguments, *programs.settings(SMALL))
    assert result.returncode == 0, result.stderr
    return out / "checkpoints" / "last.safetensors"


def replace_weights(checkpoint, prefix, state):
    """Writes the checkpoint anew with these weights under the prefix."""
    with safe_open(checkpoint, "pt") as file:
        metadata = file.metadata()
    tensors = load_file(checkpoint)
    ours = {prefix + name: tensor.float().contiguous() for name, tensor in state.items()}
    assert {n for n in tensors if n.startswith(prefix)} >= {
        n for n in ours if not n.endswith("num_batches_tracked")
    }
    tensors.update({name: value for name, value in ours.items() if name in tensors})
    metadata.pop("sanas.checksum", None)  # of the values before
    save_file(tensors, checkpoint, metadata)


def discrete_model(seed):
    """The network that `discrete` puts into its checkpoint."""
    model = DiscreteNetwork(genotypes.preset(GENOTYPE), 4, 10, 3, auxiliary=False)
    single(randomise(model, seed))
    return model.eval()


def discrete(folder, seed=5):
    """A checkpoint of a training with random weights, and its network."""
    checkpoint = run_once(
        "sanas_eval", folder, "--config", "eval_cifar10", "--genotype", GENOTYPE
    )
    model = discrete_model(seed)
    replace_weights(checkpoint, "net.", model.state_dict())
    return checkpoint, model


def another(checkpoint, path, seed):
    """A copy of a discrete network's checkpoint with other random weights."""
    shutil.copy(checkpoint, path)
    replace_weights(path, "net.", discrete_model(seed).state_dict())
    return path


def searched(folder, seed=6):
    """A checkpoint of a search with random weights, and its network with its architecture."""
    checkpoint = run_once("sanas_search", folder, "--config", "cifar10_darts1st")
    model = randomise(Darts(4, 10, 3), seed)
    single(model)
    replace_weights(checkpoint, "w1.", model.state_dict())
    arch = {name: load_file(checkpoint)[name].double() for name in model.arch_names}
    return checkpoint, model.eval(), arch


def single(model):
    """Rounds to what a checkpoint in single precision keeps."""
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(tensor.float().double())


def predictions(folder):
    """The lines of predictions.jsonl."""
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]


class Pixels(nn.Module):
    """A network on raw pixels, as the program sees it."""

    def __init__(self, model, arch=None):
        super().__init__()
        self.model, self.arch = model, tuple(arch or ())
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in STATISTICS["cifar10"])
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        for name, value in (arch or {}).items():
            self.register_buffer(name, value)

    def forward(self, x):
        x = (x - self.mean) / self.std
        if not self.arch:
            return self.model(x)[0]
        return self.model(x, {name: getattr(self, name) for name in self.arch})


def derive_seed(seed, *coordinates):
    """sanas::derive_seed."""

    def mix(value):
        value = (value + 0x9E3779B97F4A7C15) % 2**64
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) % 2**64
        return value ^ (value >> 31)

    result = mix(seed)
    for coordinate in coordinates:
        result = mix(result ^ coordinate)
    return result


def write_images(folder, count, size):
    """That many images of noise as PNG files 0.png, 1.png, …, and their pixels N×3×H×W."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(3).integers(0, 256, (count, *size, 3), dtype=np.uint8)
    for i, array in enumerate(pixels):
        Image.fromarray(array).save(folder / f"{i}.png")
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).double() / 255.0
