# SPDX-License-Identifier: Apache-2.0
"""What a search says of its saliency at the end of an epoch, computed anew from its checkpoint."""

import json

import numpy as np
import programs
import pytest
from PIL import Image
from programs import one_line_error
from safetensors.torch import load_file
from scipy import stats
from sklearn.metrics import average_precision_score

CONFIGURATION, DATA = 2, 3
COUNT, SIZE, SEED = 8, 32, 5
SMALL = {
    "dataset.workers": 0, "supernet.channels": 4, "supernet.cells": 3, "search.batch_size": 4,
    "search.epochs": 1, "search.max_steps": 2, "search.validate_every": 0, "attack.steps": 2,
    "seed": SEED,
}


@pytest.fixture(scope="module", name="data")
def small_cifar10(tmp_path_factory):
    return programs.write_cifar10(tmp_path_factory.mktemp("cifar10"))


@pytest.fixture(scope="module", name="photos")
def images_and_masks(tmp_path_factory):
    """Folders of images of the network's size and of masks: a square of bright pixels."""
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(4)
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for i in range(COUNT):
        mask = np.zeros((SIZE, SIZE), np.uint8)
        mask[4 + i : 18 + i, 6:20] = 255
        pixels = random.integers(0, 120, (SIZE, SIZE, 3), dtype=np.uint8)
        pixels[mask > 0] += 100
        Image.fromarray(pixels).save(folder / "images" / f"{i}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{i}.png")
    return folder


def search(data, out, changes):
    arguments = ("--config", "cifar10_darts2nd", "--data", data, "--out", out, "--threads", 1)
    # In this order: a preset wins over what was set before it.
    first = {key: value for key, value in changes.items() if key == "saliency"}
    return programs.run("sanas_search", *arguments, *programs.settings(first | SMALL | changes))


def last_epoch(out):
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["phase"] == "search_epoch"][-1]


def maps(out, photos, work, seed):
    """|δ| of the search's own attack, the largest over the colours, as another program makes it."""
    result = programs.run(
        *("sanas_saliency", "--checkpoint", out / "checkpoints" / "last.safetensors", "--images"),
        *(photos / "images", "--preset", "checkpoint", "--seed", seed, "--out", work),
        *("--no-pictures", "--quiet", "--threads", 1),
    )
    assert result.returncode == 0, result.stderr
    return [m.double().numpy().max(0) for _, m in sorted(load_file(work / "maps.safetensors").items())]


@pytest.mark.parametrize("saliency", ["paper", "alive"])
def test_measures_of_an_epoch(saliency, data, photos, tmp_path):
    out = tmp_path / "run"
    result = search(data, out, {
        "saliency": saliency, "search.saliency.images": photos / "images",
        "search.saliency.masks": photos / "masks",
    })
    assert result.returncode == 0, result.stderr
    epoch = last_epoch(out)
    ours, others = (maps(out, photos, tmp_path / str(k), SEED + k) for k in (0, 1))
    masks = [np.array(Image.open(photos / "masks" / f"{i}.png")) > 127 for i in range(COUNT)]
    # A map of the l∞ attack has ties; their order depends on the last digits of the network.
    tolerance = 2e-2 if saliency == "paper" else 2e-3
    expected = {
        "seed_agreement": [stats.spearmanr(a.ravel(), b.ravel())[0] for a, b in zip(ours, others)],
        "saturated": [(a >= 0.999 * a.max()).mean() for a in ours],
        "average_precision": [
            average_precision_score(mask.ravel(), a.ravel()) for mask, a in zip(masks, ours)
        ],
        "pointing_game": [mask[a == a.max()].mean() for mask, a in zip(masks, ours)],
    }
    assert epoch["saliency_images"] == COUNT
    for name, values in expected.items():
        assert epoch[f"saliency_{name}"] == pytest.approx(np.mean(values), abs=tolerance), name
    assert ("saliency is saturated" in result.stderr) == (np.mean(expected["saturated"]) >= 0.5)
    through = epoch["share_I3"] + epoch["share_I4"]
    assert ("path through saliency is dead" in result.stderr) == (through < 0.01)
    assert through > 0.01 if saliency == "alive" else through < 0.01


def test_it_is_on_held_out_images_and_can_be_left_out(data, tmp_path):
    result = search(data, tmp_path / "held", {"search.saliency.count": 6})
    assert result.returncode == 0, result.stderr
    epoch = last_epoch(tmp_path / "held")
    assert epoch["saliency_images"] == 6
    assert "saliency_average_precision" not in epoch
    assert "saliency: two seeds agree by" in (tmp_path / "held" / "log.txt").read_text()
    result = search(data, tmp_path / "never", {"search.saliency.every": 0})
    assert result.returncode == 0, result.stderr
    silent = last_epoch(tmp_path / "never")
    assert not [key for key in silent if key.startswith(("saliency_", "share_"))]
    # To look on changes nothing.
    assert silent["genotype"] == epoch["genotype"]
    files = (tmp_path / run / "checkpoints" / "last.safetensors" for run in ("held", "never"))
    looked, not_looked = (load_file(file) for file in files)
    assert looked.keys() == not_looked.keys()
    assert all(looked[name].equal(not_looked[name]) for name in looked)


@pytest.mark.parametrize("changes, status, words", [
    ({"attack.jacobian": "exact"}, CONFIGURATION, ("attack.jacobian", "linf", "l2")),
    ({"saliency": "alive", "attack.steps": 0}, CONFIGURATION, ("attack.jacobian", "attack.steps")),
    ({"saliency": "live"}, CONFIGURATION, ("saliency", "'live'", "paper, alive")),
    ({"search.saliency.images": "nowhere"}, DATA, ("nowhere",)),
    ({"search.saliency.masks": "nowhere"}, CONFIGURATION, ("search.saliency.masks", "images")),
])
def test_bad_input(changes, status, words, data, tmp_path):
    result = search(data, tmp_path / "run", changes)
    one_line_error("sanas_search", result, status, *words)
    assert not (tmp_path / "run").exists()
