# SPDX-License-Identifier: Apache-2.0
"""The metrics of `sanas_saliency` against numpy, scipy and scikit-learn on the maps it wrote."""

import copy
import csv
import json
import re

import numpy as np
import programs
import pytest
import torch
import trained
from PIL import Image
from programs import one_line_error
from reference import genotypes
from reference.darts import Darts
from reference.discrete import DiscreteNetwork
from safetensors.torch import load_file
from scipy import ndimage, signal, stats
from sklearn.metrics import average_precision_score
from torchvision.transforms import v2

CONFIGURATION = 2
IMAGES, CHECKED, STEPS, SEED = 5, 3, 8, 11
METHODS = ("gradient", "gradcam")
DRAWN = ("pgd", "smoothgrad")  # depend on the seed
OTHERS = {"other_seed": 8, "random_labels": 9}  # seeds of other networks
LAYERS = ("classifier", "cells.2", "cells.1", "cells.0", "stem")
THRESHOLD = 0.4
SIZE = (48, 40)  # of the images; the network sees 32×32 pixels: the middle of 38×32
TOLERANCE = 1e-9


def saliency(checkpoint, images, out, *arguments, methods=METHODS, seed=SEED):
    command = ("--checkpoint", checkpoint, "--images", images, "--output", out, "--quiet")
    words = [word for method in methods for word in ("--method", method)]
    more = ("--dtype", "float64", "--seed", seed, "--threads", 1)
    result = programs.run("sanas_saliency", *command, *words, *more, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def seen(file):
    """The pixels that the network sees of an image."""
    pixels = v2.Compose([v2.Resize(32), v2.CenterCrop(32), v2.PILToTensor()])(Image.open(file))
    return pixels.double() / 255.0


SEEN = slice(4, 44)  # of the rows: 38/48 · (row + 1/2) − 3 is in 0…32; all columns are seen


def on_picture(small):
    """A map of 32×32 at the pixels of the picture that are seen."""
    rows = (np.arange(SIZE[0])[SEEN] + 0.5) * 38 / 48 - 3 - 0.5
    columns = (np.arange(SIZE[1]) + 0.5) * 32 / 40 - 0.5
    places = np.meshgrid(rows, columns, indexing="ij")
    return ndimage.map_coordinates(small, places, order=1, mode="nearest")


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


def read_values(out, column, metric):
    """Of the images that the metric is defined for."""
    lines = map(json.loads, (out / "metrics_per_image.jsonl").read_text().splitlines())
    return np.array([v[metric] for v in lines if v["column"] == column and metric in v])


class Measured:
    """One run with metrics, and what a reader finds in its folder."""

    def __init__(self, folder):
        self.checkpoint, model = trained.discrete(folder / "one")
        self.network = trained.Pixels(model)
        others = {}
        for name, seed in OTHERS.items():
            others[name] = trained.another(self.checkpoint, folder / f"{name}.safetensors", seed)
        self.images = folder / "images"
        trained.write_images(self.images, IMAGES, SIZE)
        self.pixels = torch.stack([seen(self.images / f"{i}.png") for i in range(IMAGES)])
        self.masks = write_masks(folder / "masks", SIZE)
        self.out = folder / "out"
        self.text = saliency(
            self.checkpoint,
            self.images,
            self.out,
            *("--metrics", "--masks", folder / "masks", "--curve-steps", STEPS),
            *("--checked", CHECKED, "--threshold", THRESHOLD),
            *("--other-seed", others["other_seed"], "--random-labels", others["random_labels"]),
        )

    def maps(self, method, folder=None):
        tensors = load_file((folder or self.out) / method / "maps.safetensors")
        return np.stack([tensors[f"{i:05}_{i}"].numpy().max(0) for i in range(IMAGES)])

    def values(self, method, metric):
        return read_values(self.out, method, metric)

    def checked(self, method):
        """The first images, their targets and maps."""
        target = self.network(self.pixels).argmax(1)
        return self.pixels[:CHECKED], target[:CHECKED], self.maps(method)[:CHECKED]


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
        saliency_map, mask = on_picture(small), mask[SEEN]
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
        # Where Grad-CAM is level, rounding in the enlargement decides between equal values.
        tolerance = 1e-4 if (method, metric) == ("gradcam", "average_precision") else TOLERANCE
        close(measured.values(method, metric), values, tolerance)


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
    a, b = ((m - m.min()) / (np.ptp(m) or 1.0) for m in (a, b))
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


def check_similarity(found, ours, theirs, method):
    """`found(NAME)` are the program's values; a constant map has no rank correlation."""
    pairs = list(zip(ours, theirs))
    ranks = np.array([stats.spearmanr(a.ravel(), b.ravel()).statistic for a, b in pairs])
    # Where Grad-CAM is 0, rounding in the enlargement decides between equal values.
    tolerance = 1e-4 if method == "gradcam" else TOLERANCE
    close(found("rank_correlation"), ranks[np.isfinite(ranks)], tolerance)
    close(found("ssim"), [ssim(a, b) for a, b in pairs])


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("method", METHODS)
def test_similarity_to_another_network(measured, method, name):
    """Targets differ: the other network is asked about the class that this one predicts."""
    x, target, ours = measured.checked(method)
    other = trained.Pixels(trained.discrete_model(OTHERS[name]))
    theirs = reference_maps(other, x, target, method)
    check_similarity(lambda m: measured.values(method, f"{name}_{m}"), ours, theirs, method)


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


@pytest.mark.parametrize("method", METHODS)
def test_sensitivity_to_noise(measured, method):
    x, target, clean = measured.checked(method)
    largest = np.zeros(CHECKED)
    for k in range(4):
        torch.manual_seed(trained.derive_seed(SEED, 2, k))
        noise = torch.empty(3, 32, 32).uniform_(-0.02, 0.02)
        noisy = reference_maps(measured.network, (x + noise).clamp(0, 1), target, method)
        largest = np.maximum(largest, np.linalg.norm((noisy - clean).reshape(CHECKED, -1), axis=1))
    expected = largest / np.linalg.norm(clean.reshape(CHECKED, -1), axis=1)
    close(measured.values(method, "noise_sensitivity"), expected)


def test_agreement_of_two_seeds(measured, tmp_path):
    """Two runs have the two maps of every image; a method that draws nothing agrees with itself."""
    one, other = tmp_path / "one", tmp_path / "other"
    inputs, few = (measured.checkpoint, measured.images), ("--samples", 2)
    saliency(*inputs, one, *few, "--metrics", "--curve-steps", 1, methods=DRAWN)
    saliency(*inputs, other, *few, methods=DRAWN, seed=trained.derive_seed(SEED, 1))
    for method in DRAWN:
        pairs = zip(measured.maps(method, one), measured.maps(method, other))
        ranks = [stats.spearmanr(a.ravel(), b.ravel()).statistic for a, b in pairs]
        assert max(ranks) < 0.99
        close(read_values(one, method, "seed_agreement"), ranks)
    for method in METHODS:
        close(measured.values(method, "seed_agreement"), np.ones(CHECKED))


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


def fresh_weights(make, *coordinates):
    """A network as PyTorch draws it, in single precision as the program does."""
    torch.set_default_dtype(torch.float32)
    try:
        torch.manual_seed(trained.derive_seed(*coordinates))
        return make().double().eval()
    finally:
        torch.set_default_dtype(torch.float64)


def check_randomization(out, method, network, fresh, x, target, ours):
    """Layers get the fresh weights from the output down, and keep them."""
    broken = copy.deepcopy(network)
    for layer in LAYERS:
        state = {k: v for k, v in fresh.state_dict().items() if k.startswith(layer)}
        broken.model.load_state_dict(state, strict=False)
        theirs = reference_maps(broken, x, target, method)
        assert np.abs(ours - theirs).max() > 0
        name = f"randomized/{layer}/"
        check_similarity(lambda m: read_values(out, method, name + m), ours, theirs, method)
    columns = json.loads((out / "metrics.json").read_text())["columns"]
    column = next(c for c in columns if c["column"] == method)
    assert tuple(entry["layer"] for entry in column["randomization"]) == LAYERS
    for entry in column["randomization"]:
        values = read_values(out, method, f"randomized/{entry['layer']}/ssim")
        close(entry["ssim"]["mean"], values.mean())


def second_network():
    """The program has drawn the trained network from the same seed before."""
    arguments = (genotypes.preset(trained.GENOTYPE), 4, 10, 3)
    DiscreteNetwork(*arguments, auxiliary=False)
    return DiscreteNetwork(*arguments, auxiliary=False)


@pytest.mark.filterwarnings("ignore:An input array is constant")
@pytest.mark.parametrize("method", METHODS)
def test_randomising_layer_by_layer(measured, method):
    fresh = fresh_weights(second_network, SEED, 3)
    checked = measured.checked(method)
    check_randomization(measured.out, method, measured.network, fresh, *checked)


def test_randomising_a_search_network(tmp_path):
    """Its architecture stays as it was found."""
    checkpoint, model, arch = trained.searched(tmp_path / "search")
    network, images, out = trained.Pixels(model, arch), tmp_path / "images", tmp_path / "out"
    x = trained.write_images(images, 2, (32, 32))
    saliency(checkpoint, images, out, "--metrics", "--curve-steps", 1, methods=["gradient"])
    target = network(x).argmax(1)
    ours = reference_maps(network, x, target, "gradient")
    # A search draws W1 from stream 1 of stage 0 of its seed.
    seed = trained.derive_seed(SEED, 3)
    fresh = fresh_weights(lambda: Darts(4, 10, 3), seed, 0, 1)
    check_randomization(out, "gradient", network, fresh, x, target, ours)


def test_the_plot_has_a_line_for_every_column(measured):
    svg = (measured.out / "metrics.svg").read_text()
    lines = re.findall(r'<path class="line s\d" d="M[^"]*"><title>(.*?)</title>', svg)
    assert sorted(lines) == sorted(4 * METHODS)
    assert all(f'class="name" x="84" y="20">{method}<' in svg for method in METHODS)


# Bad input --------------------------------------------------------------------------------------


@pytest.fixture(scope="module", name="strangers")
def networks_for_something_else(tmp_path_factory):
    """Checkpoints for more classes, and for smaller images."""
    folder = tmp_path_factory.mktemp("strangers")
    genotype = ("--genotype", trained.GENOTYPE)
    classes = ("--config", "eval_cifar100", *genotype)
    size = ("--config", "eval_cifar10", *genotype, "--set", "dataset.augment.center_crop=24")
    write = programs.write_cifar100
    return {
        "100 classes": trained.run_once("sanas_eval", folder / "a", *classes, write_data=write),
        "24×24 pixels": trained.run_once("sanas_eval", folder / "b", *size),
    }


@pytest.mark.parametrize("words", ("100 classes", "24×24 pixels"))
@pytest.mark.parametrize("option", ("--other-seed", "--random-labels"))
def test_a_network_for_something_else(measured, strangers, option, words, tmp_path):
    command = ("--checkpoint", measured.checkpoint, "--images", measured.images, "--metrics")
    out, other = tmp_path / "out", strangers[words]
    result = programs.run("sanas_saliency", *command, "--output", out, option, other)
    one_line_error("sanas_saliency", result, CONFIGURATION, other, words, "compared")
    assert not out.exists()
