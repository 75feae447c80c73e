# SPDX-License-Identifier: Apache-2.0
"""Weights from PyTorch into the programs and back: the same logits on both sides."""

import collections

import pytest
import torch
from inspect_tool import assert_close, random_arch, randomise, supernet_config
from programs import one_line_error, run
from reference import genotypes
from reference.darts import Darts
from reference.discrete import DiscreteNetwork
from reference.operations import PRIMITIVES

GENOTYPE = "DARTS_V2"


def discrete_network():
    return randomise(DiscreteNetwork(genotypes.preset(GENOTYPE), 4, 10, 5), seed=5).eval()


def images():
    torch.manual_seed(6)
    return torch.randn(3, 3, 32, 32)


def logits_of(inspect, weights, x):
    inputs = inspect.write_tensors({"x": x}, "x.safetensors")
    output = inspect.folder / "logits.safetensors"
    inspect.run(
        *("forward", "--genotype", GENOTYPE, "--channels", 4, "--cells", 5, "--weights", weights),
        *("--input", inputs, "--output", output, "--dtype", "float64"),
    )
    return inspect.read_tensors(output)["logits"]


@pytest.mark.parametrize("front, nested, new", [("", False, True), ("module.", True, False),
                                                ("_orig_mod.", False, False)])
def test_from_torch_save(inspect, front, nested, new):
    """Plain, or as wrappers, training scripts and torch before 1.6 save them."""
    model, x = discrete_network(), images()
    state = {front + name: tensor for name, tensor in model.state_dict().items()}
    saved = {"net": state, "acc": 97.2, "seen": collections.Counter([1])} if nested else state
    torch.save(saved, inspect.folder / "model.pt", _use_new_zipfile_serialization=new)
    expected = model(x)[0].detach()
    assert_close(logits_of(inspect, inspect.folder / "model.pt", x), expected, 1e-12, "logits")


def test_weights_that_mean_nothing(inspect):
    state = discrete_network().state_dict()
    state["classifier.bias"][3] = float("nan")
    weights = inspect.write_tensors(state, "nan.safetensors")
    inputs = inspect.write_tensors({"x": images()}, "x.safetensors")
    words = ("--input", inputs, "--output", inspect.folder / "y.safetensors", "--dtype", "float64")
    network = ("--genotype", GENOTYPE, "--channels", 4, "--cells", 5)
    result = run("sanas_inspect", "forward", *network, "--weights", weights, *words)
    one_line_error("sanas_inspect", result, 3, weights, "'classifier.bias'", "not finite")


@pytest.mark.parametrize(
    "arguments, words",
    [
        ("count --genotype DARTS_V2 --config cifar10_darts", "--config"),
        ("count --config cifar10_darts --channels 16", "--channels"),
        ("count --genotype DARTS_V2 --set seed=1", "--config"),
        ("count --genotype DARTS_V2 --cells -3", "--cells"),
        ("count --genotype DARTS_V2 --rule 1", "bn_relu"),
        ("derive --config cifar10_darts --alphas a --with-weights w", "--weights-output"),
        ("derive --config cifar10_darts --alphas a --weights-output w", "--with-weights"),
    ],
)
def test_options_that_do_not_apply(arguments, words):
    result = run("sanas_inspect", *arguments.split())
    one_line_error("sanas_inspect", result, 2, words)


@pytest.mark.parametrize(
    "change, word",
    [
        ({"stage": torch.tensor([1, 2])}, "'stage' is not one integer"),
        ({"stage": torch.tensor(7)}, "'stage' is 7"),
        ({"alphas_reduce": torch.full((14, 8), float("inf"))}, "not finite"),
        ({"alphas_normal": torch.zeros(2, 14, 8)}, "'alphas_reduce' has shape"),
        ({"alphas_normal": torch.zeros(0, 14, 8), "alphas_reduce": torch.zeros(0, 14, 8)}, "shape"),
    ],
)
def test_architecture_that_is_damaged(inspect, change, word):
    supernet = Darts(4, 10, 5)
    state = {**supernet.state_dict(), **random_arch(supernet)} | change
    file = inspect.write_tensors(state, "state.safetensors")
    config = inspect.write_config(supernet_config("darts", channels=4, cells=5))
    words = ("--with-weights", file, "--weights-output", inspect.folder / "w.pt")
    result = run("sanas_inspect", "derive", "--config", config, "--alphas", file, *words)
    one_line_error("sanas_inspect", result, 3, file, word)


@pytest.mark.parametrize("suffix", ["pt", "pth"])
def test_to_torch_load_with_its_defaults(inspect, suffix):
    model = discrete_network()
    ours = inspect.write_tensors(model.state_dict(), "model.safetensors")
    inspect.run("convert", ours, inspect.folder / f"model.{suffix}")
    state = torch.load(inspect.folder / f"model.{suffix}")
    other = DiscreteNetwork(genotypes.preset(GENOTYPE), 4, 10, 5).eval()
    other.load_state_dict(state)
    x = images()
    assert torch.equal(other(x)[0], model(x)[0])


def test_there_and_back_is_bitwise_the_same(inspect):
    state = discrete_network().state_dict()
    torch.save(state, inspect.folder / "a.pt")
    inspect.run("convert", inspect.folder / "a.pt", inspect.folder / "b.safetensors")
    inspect.run("convert", inspect.folder / "b.safetensors", inspect.folder / "c.pt")
    back = torch.load(inspect.folder / "c.pt")
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)


def test_derived_weights_are_those_of_the_chosen_operations(inspect):
    supernet = randomise(Darts(4, 10, 5), seed=7)
    arch = random_arch(supernet)
    state = inspect.write_tensors({**supernet.state_dict(), **arch}, "supernet.safetensors")
    config = inspect.write_config(supernet_config("darts", channels=4, cells=5))
    weights = inspect.folder / "discrete.pt"
    text = inspect.run(
        *("derive", "--config", config, "--alphas", state),
        *("--with-weights", state, "--weights-output", weights),
    )
    genotype = genotypes.parse(text)
    network = DiscreteNetwork(genotype, 4, 10, 5, auxiliary=False)
    found = torch.load(weights)
    network.load_state_dict(found)  # complete, and of the right shapes
    searched = supernet.state_dict()
    for cell in range(5):
        reduction = cell in (5 // 3, 2 * 5 // 3)
        genes = genotype.reduce if reduction else genotype.normal
        for k, (operation, source) in enumerate(genes):
            node = k // 2
            edge = node * (node + 3) // 2 + source
            column = PRIMITIVES.index(operation)
            prefix = f"cells.{cell}._ops.{edge}._ops.{column}."
            for name, tensor in searched.items():
                if not name.startswith(prefix) or "pool" in operation:
                    continue
                assert torch.equal(found[f"cells.{cell}._ops.{k}." + name[len(prefix) :]], tensor)
    for name in ("stem.0.weight", "classifier.weight", "cells.2.preprocess1.op.1.weight"):
        assert torch.equal(found[name], searched[name])
    scales = [n for n in found if n.endswith(".weight") and found[n].dim() == 1 and "stem" not in n]
    assert scales and all(torch.all(found[name] == 1) for name in scales)
