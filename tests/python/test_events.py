# SPDX-License-Identifier: Apache-2.0
"""Event files of a search and a training, read by TensorBoard's own reader."""

import json
import struct

import numpy
import pytest
import safetensors.numpy
from programs import run, settings, write_fashion_mnist

accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

SMALL = {
    "dataset.workers": 0,
    "supernet.channels": 2,
    "supernet.cells": 3,
    "supernet.nodes": 2,
    "attack.steps": 1,
    "search.batch_size": 8,
    "search.epochs": 3,
    "search.report_every": 1,
    "evaluation.channels": 2,
    "evaluation.cells": 3,
    "evaluation.batch_size": 16,
    "evaluation.epochs": 2,
    "evaluation.report_every": 1,
    "evaluation.test_each_epoch": "true",
    "threads": 1,
}
EPOCH = 4  # mini-batches of half of 64 images


def finish(program, *arguments):
    result = run(program, *arguments, "--quiet")
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A search that stopped in the middle of its second epoch and went on."""
    folder = tmp_path_factory.mktemp("events")
    data = write_fashion_mnist(folder / "data" / "fashion-mnist", train=64, test=20)
    out = folder / "search"
    common = ("--config", "quickstart", "--data", data.parent, "--out", out)
    rest = settings(SMALL | {"dataset.subset": 0})
    finish("sanas_search", *common, *rest, "--set", "search.max_steps=6")
    finish("sanas_search", *common, *rest, "--set", "search.max_steps=0", "--resume")
    return out


@pytest.fixture(scope="module")
def trained(searched):
    out = searched.parent / "eval"
    data = searched.parent / "data"
    arguments = ("--config", "quickstart", "--data", data, "--out", out)
    genotype = ("--genotype", searched / "genotype.txt")
    finish("sanas_eval", *arguments, *genotype, *settings(SMALL | {"dataset.subset": 0}))
    return out


def read(folder):
    kinds = (accumulators.SCALARS, accumulators.IMAGES, accumulators.HISTOGRAMS)
    reader = accumulators.EventAccumulator(str(folder), dict.fromkeys(kinds, 0))
    reader.Reload()
    return reader


def records(folder, phase):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [line for line in map(json.loads, lines) if line["phase"] == phase]


def assert_curve(reader, tag, expected):
    """The points of a tag are those of the metrics, once each and in order."""
    points = reader.Scalars(tag)
    assert [point.step for point in points] == [step for step, _ in expected], tag
    numpy.testing.assert_array_equal(
        numpy.float32([point.value for point in points]),
        numpy.float32([value for _, value in expected]),
        err_msg=tag,
    )


def test_scalars_of_a_resumed_search_are_its_metrics(searched):
    assert len(list(searched.glob("events.out.tfevents.*"))) == 2
    reader = read(searched)
    steps = records(searched, "search")
    assert [record["step"] for record in steps] == list(range(3 * EPOCH))
    for tag, key in {
        "loss/weights1": "train1_loss",
        "loss/weights2": "train2_loss",
        "loss/attack": "attack_loss",
        "loss/validation2": "validation2_loss",
        "accuracy/weights1": "train1_top1",
        "learning_rate/weights": "learning_rate",
        "hypergradient/total": "hypergradient_norm",
        "hypergradient/I4": "norm_I4",
    }.items():
        assert_curve(reader, tag, [(r["step"], r[key]) for r in steps if key in r])


def test_an_epoch_that_was_reported_twice_is_shown_once(searched):
    reader = read(searched)
    epochs = records(searched, "search_epoch")
    assert [record["step"] for record in epochs] == [EPOCH, 2 * EPOCH, 3 * EPOCH]
    for tag, key in {
        "architecture/entropy": "entropy",
        "epoch/train1_loss": "train1_loss",
        "architecture/change": "architecture_change",
    }.items():
        assert_curve(reader, tag, [(r["step"] - 1, r[key]) for r in epochs])


def test_histograms_hold_the_architecture_variables(searched):
    reader = read(searched)
    path = searched / "checkpoints" / "last.safetensors"
    tensors = safetensors.numpy.load_file(path)
    for name in ("alphas_normal", "alphas_reduce"):
        points = reader.Histograms(name)
        assert [point.step for point in points] == [EPOCH - 1, 2 * EPOCH - 1, 3 * EPOCH - 1]
        histogram = points[-1].histogram_value
        values = tensors[name].astype(numpy.float64)
        assert histogram.num == values.size == sum(histogram.bucket)
        assert (histogram.min, histogram.max) == (values.min(), values.max())
        numpy.testing.assert_allclose(histogram.sum, values.sum(), rtol=1e-9)
        numpy.testing.assert_allclose(histogram.sum_squares, (values**2).sum(), rtol=1e-9)
        # Bucket i covers (limit[i − 1], limit[i]].
        edges = numpy.concatenate([[-numpy.inf], histogram.bucket_limit])
        counts = [numpy.sum((low < values) & (values <= high))
                  for low, high in zip(edges, edges[1:])]  # fmt: skip
        numpy.testing.assert_array_equal(histogram.bucket, counts)


def test_heat_maps_are_images(searched):
    points = read(searched).Images("saliency")
    assert [point.step for point in points] == [EPOCH - 1, 2 * EPOCH - 1, 3 * EPOCH - 1]
    for point in points:
        png = point.encoded_image_string
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">2I", png[16:24]) == (point.width, point.height)
    assert (searched / "heat_maps.png").read_bytes() == points[-1].encoded_image_string


def test_operation_weights_are_distributions_of_the_current_architecture(searched):
    lines = records(searched, "operation_weights")
    assert [line["epoch"] for line in lines] == [0, 1, 2]
    tensors = safetensors.numpy.load_file(searched / "checkpoints" / "last.safetensors")
    for cell in ("normal", "reduce"):
        alphas = tensors[f"alphas_{cell}"].astype(numpy.float64)
        expected = numpy.exp(alphas) / numpy.exp(alphas).sum(axis=1, keepdims=True)
        weights = numpy.array([list(edge.values()) for edge in lines[-1][cell]])
        numpy.testing.assert_allclose(weights, expected, rtol=1e-5)
        assert list(lines[-1][cell][0]) == [
            "none", "max_pool_3x3", "avg_pool_3x3", "skip_connect",
            "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
        ]  # fmt: skip


def test_a_training_writes_its_curves_too(trained):
    reader = read(trained)
    steps, epochs = records(trained, "train"), records(trained, "train_epoch")
    assert len(steps) == 8 and len(epochs) == 2
    assert_curve(reader, "loss/train", [(r["step"], r["loss"]) for r in steps])
    assert_curve(reader, "epoch/test_top1", [(r["step"] - 1, r["test_top1"]) for r in epochs])
    assert [point.step for point in reader.Images("saliency")] == [3, 7]


def test_each_start_of_the_program_is_a_session(searched, trained):
    lines = [json.loads(line) for line in (searched / "sessions.jsonl").read_text().splitlines()]
    assert [(line["program"], line["first_step"]) for line in lines] == [
        ("sanas_search", 0),
        ("sanas_search", 6),
    ]
    for line in lines:
        assert line["processor"] and line["cores"] > 0 and line["memory_bytes"] > 0
        assert (line["threads"], line["device"]) == (1, "cpu")
    assert json.loads((trained / "sessions.jsonl").read_text())["program"] == "sanas_eval"

