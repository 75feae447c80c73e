# SPDX-License-Identifier: Apache-2.0
"""The metrics of `sanas_saliency` against numpy, scipy and scikit-learn on the maps it wrote."""

import csv
import json

import numpy as np
import programs
import pytest
import torch
import trained
from PIL import Image
from safetensors.torch import load_file
from scipy import ndimage, signal, stats
from sklearn.metrics import average_precision_score

IMAGES, CHECKED, STEPS, SEED = 5, 3, 8, 11
METHODS = ("gradient", "gradcam")
THRESHOLD = 0.4
SIZE = (48, 40)  # of the images; the network sees 32×32 pixels
TOLERANCE = 1e-9


def saliency(checkpoint, images, out, *arguments):
    command = ("--checkpoint", checkpoint, "--images", images, "--output", out, "--quiet")
    methods = [word for method in METHODS for word in ("--method", method)]
    more = ("--dtype", "float64", "--seed", SEED, "--threads", 1)
    result = programs.run("sanas_saliency", *command, *methods, *more, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def seen(file):
    """The pixels that the network sees of an image."""
    image = Image.open(file).resize((32, 32), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).double() / 255.0


def enlarged(small, size):
    return ndimage.zoom(
        small, np.divide(size, small.shape), order=1, mode="nearest", grid_mode=True
    )


def write_masks(folder, size):
    """Rectangles, half an image at most."""
    folder.mkdir()
    masks = []
    for i in range(IMAGES):
        mask = np.zeros(size, dtype=np.uint8)
        mask[5 + i : 20 + i, 8 : 30 - i] = 255
        Image.fromarray(mask).save(folder / f"{i}.png")
        masks.append(mask > 127)
    return masks


class Measured:
    """One run with metrics, and what a reader finds in its folder."""

    def __init__(self, folder):
        self.checkpoint, model = trained.discrete(folder / "one")
        self.network = trained.Pixels(model)
        other = trained.another(self.checkpoint, folder / "other.safetensors", seed=8)
        trained.write_images(folder / "images", IMAGES, SIZE)
        self.pixels = torch.stack([seen(folder / "images" / f"{i}.png") for i in range(IMAGES)])
        self.masks = write_masks(folder / "masks", SIZE)
        self.out = folder / "out"
        self.text = saliency(
            self.checkpoint,
            folder / "images",
            self.out,
            *("--metrics", "--masks", folder / "masks", "--curve-steps", STEPS),
            *("--checked", CHECKED, "--threshold", THRESHOLD, "--other-seed", other),
        )
        lines = (self.out / "metrics_per_image.jsonl").read_text().splitlines()
        self.per_image = [json.loads(line) for line in lines]

    def maps(self, method, folder=None):
        tensors = load_file((folder or self.out) / method / "maps.safetensors")
        return np.stack([tensors[f"{i:05}_{i}"].numpy().max(0) for i in range(IMAGES)])

    def values(self, method, metric):
        lines = [line for line in self.per_image if line["column"] == method]
        return np.array([line[metric] for line in lines if metric in line])


@pytest.fixture(scope="module", name="measured")
def run_with_metrics(tmp_path_factory):
    return Measured(tmp_path_factory.mktemp("metrics"))


def close(found, expected, tolerance=TOLERANCE):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def iou(chosen, mask):
    return (chosen & mask).sum() / (chosen | mask).sum()


@pytest.mark.parametrize("method", METHODS)
def test_localization(measured, method):
    expected = {"pointing_game": [], "energy_in_mask": [], "best_iou": [], "fixed_iou": []}
    expected |= {"average_precision": [], "mask_share": []}
    for small, mask in zip(measured.maps(method), measured.masks):
        saliency_map = enlarged(small, SIZE)
        low, high = saliency_map.min(), saliency_map.max()
        expected["pointing_game"].append(mask[saliency_map == high].mean())
        expected["energy_in_mask"].append(saliency_map[mask].sum() / saliency_map.sum())
        expected["best_iou"].append(max(iou(saliency_map >= t, mask) for t in saliency_map.flat))
        expected["fixed_iou"].append(iou(saliency_map >= low + THRESHOLD * (high - low), mask))
        expected["average_precision"].append(
            average_precision_score(mask.ravel(), saliency_map.ravel())
        )
        expected["mask_share"].append(mask.mean())
    for metric, values in expected.items():
        close(measured.values(method, metric), values)


def curves(measured, method, insertion):
    """Probabilities of the predicted class after each share of pixels, per image."""
    x, maps = measured.pixels, measured.maps(method)
    with torch.no_grad():
        target = measured.network(x).argmax(1)
        result = np.empty((IMAGES, STEPS + 1))
        for i in range(IMAGES):
            order = np.argsort(-maps[i].ravel(), kind="stable")
            mean = x[i].mean(dim=(1, 2))
            for k in range(STEPS + 1):
                image = x[i].reshape(3, -1).clone()
                gone = order[: k * len(order) // STEPS]
                if insertion:
                    gone = order[k * len(order) // STEPS :]
                image[:, torch.from_numpy(gone.copy())] = mean[:, None]
                logits = measured.network(image.reshape(1, 3, 32, 32))
                result[i, k] = logits.softmax(1)[0, target[i]]
    return result


@pytest.mark.parametrize("method", METHODS)
def test_deletion_and_insertion(measured, method):
    columns = json.loads((measured.out / "metrics.json").read_text())["columns"]
    column = next(c for c in columns if c["column"] == method)
    for name in ("deletion", "insertion"):
        expected = curves(measured, method, name == "insertion")
        close(column[f"{name}_curve"], expected.mean(0))
        close(measured.values(method, f"{name}_area"), np.trapezoid(expected, dx=1 / STEPS))


def ssim(a, b):
    """Wang et al. 2004 in their own form, on maps scaled to [0, 1]."""
    a, b = ((m - m.min()) / (m.max() - m.min()) for m in (a, b))
    line = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = np.outer(line, line) / line.sum() ** 2

    def mean(m):
        return signal.convolve2d(m, window, mode="valid")

    ma, mb = mean(a), mean(b)
    va, vb, vab = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    c1, c2 = 0.01**2, 0.03**2
    return np.mean(
        (2 * ma * mb + c1) * (2 * vab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    )


@pytest.mark.parametrize("method", METHODS)
def test_similarity_to_another_network(measured, method):
    """Targets differ: the other network is asked about the class that this one predicts."""
    target = measured.network(measured.pixels).argmax(1)
    other = trained.Pixels(trained.discrete_model(seed=8))
    ours = measured.maps(method)[:CHECKED]
    theirs = reference_maps(other, measured.pixels[:CHECKED], target[:CHECKED], method)
    ranks = [stats.spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(ours, theirs)]
    # Where Grad-CAM is 0, rounding in the enlargement decides between equal values.
    tolerance = TOLERANCE if method == "gradient" else 1e-4
    close(measured.values(method, "other_seed_rank_correlation"), ranks, tolerance)
    expected = [ssim(a, b) for a, b in zip(ours, theirs)]
    close(measured.values(method, "other_seed_ssim"), expected)
    assert len(ranks) == CHECKED


def reference_maps(network, x, target, method):
    """Gradient or Grad-CAM, largest over the colours, by autograd."""
    x = x.clone().requires_grad_()
    features = {}
    cell = network.model.cells[-1]
    handle = cell.register_forward_hook(lambda m, i, o: features.update(out=o))
    score = network(x).gather(1, target[:, None]).sum()
    handle.remove()
    if method == "gradient":
        return torch.autograd.grad(score, x)[0].abs().amax(1).numpy()
    gradient = torch.autograd.grad(score, features["out"])[0].mean((2, 3), keepdim=True)
    cam = (gradient * features["out"]).sum(1).relu().detach().numpy()
    return np.stack([enlarged(c, (32, 32)) for c in cam])


def test_sensitivity_to_noise(measured):
    x = measured.pixels[:CHECKED]
    target = measured.network(measured.pixels).argmax(1)[:CHECKED]
    clean = reference_maps(measured.network, x, target, "gradient")
    largest = np.zeros(CHECKED)
    for k in range(4):
        torch.manual_seed(trained.derive_seed(SEED, 2, k))
        noise = torch.empty(3, 32, 32).uniform_(-0.02, 0.02)
        noisy = reference_maps(measured.network, (x + noise).clamp(0, 1), target, "gradient")
        largest = np.maximum(largest, np.linalg.norm((noisy - clean).reshape(CHECKED, -1), axis=1))
    expected = largest / np.linalg.norm(clean.reshape(CHECKED, -1), axis=1)
    close(measured.values("gradient", "noise_sensitivity"), expected)


def test_means_and_bootstrap_intervals(measured):
    with (measured.out / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["column"] for row in rows} == set(METHODS)
    for row in rows:
        values = measured.values(row["column"], row["metric"])
        assert int(row["count"]) == len(values)
        if not len(values):  # a constant map has no rank correlation
            assert row["mean"] == ""
            continue
        torch.manual_seed(SEED)
        draws = torch.randint(len(values), (2000, len(values)))
        limits = np.quantile(values[draws.numpy()].mean(1), [0.025, 0.975])
        found = [float(row[key]) for key in ("mean", "low", "high")]
        close(found, [values.mean(), *limits])
        assert row["metric"] in measured.text


def test_randomising_layer_by_layer_ends_with_all_of_them(measured):
    columns = json.loads((measured.out / "metrics.json").read_text())["columns"]
    for column in columns:
        layers = [entry["layer"] for entry in column["randomization"]]
        assert layers == ["classifier", "cells.2", "cells.1", "cells.0", "stem"]
    gradcam = next(c for c in columns if c["column"] == "gradcam")
    assert gradcam["randomization"][-1]["rank_correlation"]["mean"] < 0.9


def test_the_plot_has_a_line_for_every_column(measured):
    svg = (measured.out / "metrics.svg").read_text()
    assert svg.count('stroke-width="2"') == 4 * len(METHODS)
    assert all(f">{method}<" in svg for method in METHODS)
