# SPDX-License-Identifier: Apache-2.0
"""What `sanas_saliency` writes, that batches change nothing, and bad input."""

import json
import re
import subprocess
import time
from pathlib import Path

import numpy as np
import programs
import pytest
import torch
import trained
from captum.attr import IntegratedGradients
from matplotlib import colormaps
from PIL import Image
from programs import one_line_error
from reference.network import STATISTICS
from safetensors.torch import load_file
from scipy import ndimage

CONFIGURATION, DATA, STOPPED = 2, 3, 4
METHODS = ("pgd", "gradient", "smoothgrad", "integrated_gradients", "gradcam")
# Checks on images of two batches.
MEASURED = ("--metrics", "--curve-steps", 3, "--checked", 10)
QUICK = ("--threads", 1, "--quiet")
# What makes a method quick; an option that is for another method is refused.
FEW = {"smoothgrad": ("--samples", 2), "integrated_gradients": ("--path-steps", 2)}


@pytest.fixture(scope="module", name="checkpoint")
def trained_checkpoint(tmp_path_factory):
    return trained.discrete(tmp_path_factory.mktemp("discrete"))[0]


@pytest.fixture(scope="module", name="images")
def image_folder(tmp_path_factory):
    """Eleven images, none of them of the network's size, of which it sees the middle."""
    folder = tmp_path_factory.mktemp("images")
    trained.write_images(folder, 11, (20, 44))
    return folder


def part_that_is_seen(height, width, side=32):
    """Rows and columns of the image's pixels that a network of that size gets, and where their
    centres lie in it, by torchvision's rules: the shorter side to its size, the middle of that."""
    parts = []
    for length in (height, width):
        resized = int(side * length / min(height, width))
        position = (np.arange(length) + 0.5) * resized / length - int(round((resized - side) / 2))
        seen = np.flatnonzero((position >= 0) & (position < side))
        parts.append((slice(seen[0], seen[-1] + 1), position[seen] - 0.5))
    return parts


def saliency(checkpoint, images, out, *arguments):
    command = ("--checkpoint", checkpoint, "--images", images, "--output", out)
    few = [word for method, words in FEW.items() if method in arguments for word in words]
    return programs.run("sanas_saliency", *command, *QUICK, *few, *arguments)


def all_methods():
    return [word for method in METHODS for word in ("--method", method)]


@pytest.fixture(scope="module", name="columns")
def maps_of_all_methods(checkpoint, images, tmp_path_factory):
    out = tmp_path_factory.mktemp("columns") / "maps"
    result = saliency(checkpoint, images, out, *all_methods(), *MEASURED)
    assert result.returncode == 0, result.stderr
    return out


def test_every_file_is_there(columns):
    manifest = json.loads((columns / "saliency.json").read_text())
    assert [column["method"] for column in manifest["columns"]] == list(METHODS)
    assert len(manifest["images"]) == 11
    assert (columns / "comparison_sheet.png").exists()
    for column in manifest["columns"]:
        folder = columns / column["folder"]
        assert (folder / "contact_sheet.png").exists()
        assert len(trained.predictions(folder)) == 11
        for name in manifest["images"]:
            assert Image.open(columns / f"{name}_image.png").size == (44, 20)
            assert Image.open(folder / f"{name}_heat.png").size == (44, 20)
            assert Image.open(folder / f"{name}_overlay.png").size == (44, 20)


@pytest.mark.parametrize("method", METHODS)
def test_the_png_of_16_bits_is_the_raw_map(columns, method):
    tensors = load_file(columns / method / "maps.safetensors")
    for line in trained.predictions(columns / method):
        raw = tensors[line["image"]].double().amax(0).numpy()
        levels = np.array(Image.open(columns / method / f"{line['image']}_map.png"))
        assert levels.max() > 255 or raw.max() == raw.min()  # 16 bits
        low, high = line["map_low"], line["map_high"]
        assert (low, high) == (raw.min(), raw.max())
        np.testing.assert_allclose(low + levels / 65535 * (high - low), raw, atol=high / 60000)


def test_the_overlay_mixes_image_and_heat_map(columns):
    name = json.loads((columns / "saliency.json").read_text())["images"][3]
    image, heat, mixed = (
        np.array(Image.open(path)).astype(int)
        for path in (
            columns / f"{name}_image.png",
            columns / "gradcam" / f"{name}_heat.png",
            columns / "gradcam" / f"{name}_overlay.png",
        )
    )
    assert (np.minimum(image, heat) - 1 <= mixed).all()
    assert (mixed <= np.maximum(image, heat) + 1).all()
    assert not np.array_equal(mixed, image) and not np.array_equal(mixed, heat)


def test_the_batch_changes_no_result(checkpoint, columns, images, tmp_path):
    """Eight images at a time, or all at once: the same bytes."""
    arguments = (*all_methods(), *MEASURED, "--memory-limit", 1)
    result = saliency(checkpoint, images, tmp_path / "maps", *arguments)
    assert result.returncode == 0, result.stderr
    for file in ("metrics.json", "metrics_per_image.jsonl"):
        assert (columns / file).read_bytes() == (tmp_path / "maps" / file).read_bytes(), file
    for method in METHODS:
        one, other = (folder / method for folder in (columns, tmp_path / "maps"))
        for file in ("maps.safetensors", "predictions.jsonl", "contact_sheet.png"):
            assert (one / file).read_bytes() == (other / file).read_bytes(), (method, file)


def test_an_image_by_itself_has_the_same_map(checkpoint, columns, images, tmp_path):
    for method in METHODS:
        out = tmp_path / method
        result = saliency(checkpoint, images / "10.png", out, "--method", method)
        assert result.returncode == 0, result.stderr
        (alone,) = load_file(out / "maps.safetensors").values()
        together = load_file(columns / method / "maps.safetensors")
        name = next(name for name in together if name.endswith("_10"))
        assert torch.equal(alone, together[name]), method


def test_a_search_network_that_draws_operations_and_normalises_by_batch(images, tmp_path):
    """PR-DARTS: a map is still a function of its image alone."""
    checkpoint = trained.run_once("sanas_search", tmp_path, "--config", "cifar10_prdarts")
    for method in ("pgd", "gradcam"):
        found = []
        for name, what in (("all", images), ("one", images / "10.png")):
            out = tmp_path / method / name
            result = saliency(checkpoint, what, out, "--method", method)
            assert result.returncode == 0, result.stderr
            tensors = load_file(out / "maps.safetensors")
            found.append(next(value for key, value in tensors.items() if key.endswith("_10")))
        assert torch.equal(*found), method
        assert found[0].abs().max() > 0, method


def own_memory(process):
    """MiB, without the pages of libraries, whose number depends on what else the machine does."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"RssAnon:\s+(\d+) kB", status)  # none once it has ended
    return int(found[1]) / 1024 if found else 0.0


def test_memory_stays_flat(checkpoint, tmp_path):
    data = programs.write_cifar10(tmp_path / "cifar10", train=3200)
    peaks = []
    for count in (400, 3200):  # both are more than a batch
        command = [programs.program("sanas_saliency"), "--checkpoint", checkpoint]
        command += ["--images", "cifar10:train", "--data", data, "--method", "gradient"]
        command += ["--count", count, "--output", tmp_path / str(count), "--threads", 1, "--quiet"]
        peak = 0.0
        with subprocess.Popen([str(word) for word in command]) as process:
            while process.poll() is None:
                peak = max(peak, own_memory(process))
                time.sleep(0.02)
        assert process.returncode == 0
        peaks.append(peak)
    raw = (tmp_path / "3200" / "maps.safetensors").stat().st_size / 2**20
    assert raw > 36 and peaks[1] - peaks[0] < 0.7 * raw, (peaks, raw)


def test_pgd_options(checkpoint, images, tmp_path):
    """The un-saturated variants have more distinct values than |δ| of seven steps."""
    variants = {
        "paper": (),
        "one_step": ("--steps", 0, "--loss", "pseudo"),
        "l2": ("--steps", 7, "--norm", "l2", "--epsilon", "1/2", "--step-size", 0.25),
        "starts": ("--starts", 4),
    }
    saturated = {}
    for name, options in variants.items():
        out = tmp_path / name
        result = saliency(checkpoint, images, out, "--count", 2, "--preset", "paper", *options)
        assert result.returncode == 0, result.stderr
        values = torch.stack(list(load_file(out / "maps.safetensors").values()))
        saturated[name] = float((values > 0.999 * values.max()).double().mean())
    assert saturated["paper"] > 0.3
    assert max(v for name, v in saturated.items() if name != "paper") < 0.5 * saturated["paper"]


@pytest.mark.parametrize(
    "option, value",
    [("--smooth", "nan"), ("--smooth", "inf"), ("--smooth", "-1"), ("--strength", "nan"),
     ("--low-percentile", "nan"), ("--high-percentile", "nan"), ("--noise", "nan")],
)  # fmt: skip
def test_numbers_that_are_none_are_refused(option, value, checkpoint, images, tmp_path):
    result = saliency(checkpoint, images, tmp_path / "out", option, value)
    one_line_error("sanas_saliency", result, 2, option, "from")
    assert not (tmp_path / "out").exists()


def test_another_norm_brings_its_own_lengths(checkpoint, images, tmp_path):
    """ε = 1/2 is a short way in the l2 ball, and nearly any image in that of l∞."""
    found = {}
    for name, options in {"linf": ("--norm", "linf"), "l2": ("--preset", "paper", "--norm", "l2"),
                          "own": ("--norm", "linf", "--epsilon", "1/255")}.items():  # fmt: skip
        out = tmp_path / name
        result = saliency(checkpoint, images, out, "--count", 1, "--no-pictures", *options)
        assert result.returncode == 0, result.stderr
        used = json.loads((out / "saliency.json").read_text())["columns"][0]["options"]
        found[name] = (used["epsilon"], used["step_size"])
    assert found["linf"] == pytest.approx((8 / 255, 2 / 255))
    assert found["l2"] == pytest.approx((1 / 2, 1 / 4))
    assert found["own"] == pytest.approx((1 / 255, 2 / 255))


def test_smoothed_maps(checkpoint, images, tmp_path):
    """scipy's Gaussian filter of the maps that are not smoothed."""
    maps = {}
    for sigma in (0, 1.5):
        out = tmp_path / str(sigma)
        options = ("--count", 2, "--smooth", sigma, "--dtype", "float64")
        result = saliency(checkpoint, images, out, *options)
        assert result.returncode == 0, result.stderr
        maps[sigma] = load_file(out / "maps.safetensors")
    for name, values in maps[0].items():
        expected = ndimage.gaussian_filter(
            values.numpy(), 1.5, axes=(1, 2), mode="nearest", truncate=3.0
        )
        np.testing.assert_allclose(maps[1.5][name].numpy(), expected, rtol=1e-12)


def test_presets(checkpoint, images, tmp_path):
    """The attack that a map is of stands in saliency.json."""
    expected = {
        "alive": {"norm": "l2", "steps": 7, "epsilon": 1 / 2, "step_size": 1 / 4, "loss": "soft",
                  "starts": 1, "smooth": 0.0},
        "paper": {"norm": "linf", "steps": 7, "epsilon": 8 / 255, "step_size": 2 / 255,
                  "loss": "soft", "starts": 1, "smooth": 0.0},
        "checkpoint": {"norm": "linf", "steps": 1, "starts": 1, "smooth": 0.0},
    }
    maps = {}
    for preset, options in expected.items():
        out = tmp_path / preset
        chosen = ("--preset", preset) if preset != "alive" else ()  # the default
        result = saliency(checkpoint, images, out, "--count", 1, *chosen)
        assert result.returncode == 0, result.stderr
        column = json.loads((out / "saliency.json").read_text())["columns"][0]
        assert column["options"]["preset"] == preset
        assert options.items() <= column["options"].items()
        maps[preset] = next(iter(load_file(out / "maps.safetensors").values()))
    assert len({values.sum().item() for values in maps.values()}) == len(expected)


def runs(marks):
    """The first and the end of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks, [0]]).astype(int)))
    return edges.reshape(-1, 2)


HEADINGS = 24  # height of those of a sheet


def test_two_checkpoints_are_two_columns(checkpoint, tmp_path):
    other = trained.another(checkpoint, tmp_path / "b.safetensors", seed=9)
    images, out = tmp_path / "images", tmp_path / "maps"
    trained.write_images(images, 2, (32, 32))
    result = programs.run(
        "sanas_saliency",
        *("--checkpoint", f"first one={checkpoint}", "--checkpoint", other),
        *("--images", images, "--output", out, "--method", "gradient", *QUICK),
    )
    assert result.returncode == 0, result.stderr
    manifest = json.loads((out / "saliency.json").read_text())
    assert [column["name"] for column in manifest["columns"]] == ["first one", "b"]
    assert {"first-one", "b"} <= {path.name for path in out.iterdir() if path.is_dir()}

    # The sheet has the images, enlarged, and the heat maps of each checkpoint beside them.
    sheet = np.array(Image.open(out / "comparison_sheet.png"))
    coloured = (sheet.min(2) < 255)[HEADINGS:]
    across, down = runs(coloured.any(0)), runs(coloured.any(1))
    assert len(across) == 3 and len(down) == len(manifest["images"]) == 2
    for (left, right), place in zip(across, ("{}_image", "first-one/{}_heat", "b/{}_heat")):
        for (top, bottom), name in zip(down + HEADINGS, manifest["images"]):
            small = Image.open(out / f"{place.format(name)}.png")
            large = small.resize((right - left, bottom - top), Image.Resampling.NEAREST)
            assert np.array_equal(sheet[top:bottom, left:right], np.array(large))
    first, second = (sheet[:, left:right][HEADINGS:] for left, right in across[1:])
    assert not np.array_equal(first, second)


# How maps are shown -----------------------------------------------------------------------------

REDUCTIONS = {
    "max": lambda values: values.max(0),
    "mean": lambda values: values.mean(0),
    "l2": lambda values: np.sqrt((values**2).sum(0)),
}
DISPLAY = {"reduction": "max", "color-map": "viridis", "strength": 0.5}
DISPLAY |= {"low-percentile": 1, "high-percentile": 99}


@pytest.mark.parametrize(
    "changes",
    (
        {},
        {"reduction": "mean"},
        {"reduction": "l2"},
        {"color-map": "magma"},
        {"strength": 0.125},
        {"low-percentile": 30, "high-percentile": 70},
    ),
    ids=str,
)
def test_display_options(checkpoint, images, changes, tmp_path):
    """OpenCV has these colour maps from matplotlib."""
    chosen, out = DISPLAY | changes, tmp_path / "maps"
    options = [word for name, value in chosen.items() for word in (f"--{name}", value)]
    result = saliency(checkpoint, images, out, "--method", "gradient", "--count", 2, *options)
    assert result.returncode == 0, result.stderr
    tensors = load_file(out / "maps.safetensors")
    for line in trained.predictions(out):
        name = line["image"]
        image, heat, mixed = (
            np.array(Image.open(out / f"{name}_{kind}.png")).astype(float)
            for kind in ("image", "heat", "overlay")
        )
        small = REDUCTIONS[chosen["reduction"]](tensors[name].double().numpy())
        found = (line["map_low"], line["map_high"])
        np.testing.assert_allclose(found, (small.min(), small.max()), rtol=1e-6)
        (rows, y), (columns, x) = part_that_is_seen(*heat.shape[:2])
        large = ndimage.map_coordinates(
            small, np.meshgrid(y, x, indexing="ij"), order=1, mode="nearest"
        )
        low, high = np.percentile(large, [chosen["low-percentile"], chosen["high-percentile"]])
        scaled = np.clip((large - low) / (high - low), 0.0, 1.0)
        expected = 255 * colormaps[chosen["color-map"]](np.round(255 * scaled).astype(int))
        difference = np.abs(heat[rows, columns] - expected[..., :3])
        assert difference.max() < 4  # less than two of 256 levels
        unseen = np.ones(heat.shape[:2], dtype=bool)
        unseen[rows, columns] = False
        stripes = heat[unseen]  # grey, dark and light
        assert len(stripes) and (stripes == stripes[:, :1]).all()
        assert set(stripes[:, 0]) == {90, 170}
        share = np.full(heat.shape[:2], 0.6)  # of what is not seen
        share[rows, columns] = scaled
        share = chosen["strength"] * share[..., None]
        assert np.abs(mixed - ((1 - share) * image + share * heat)).max() <= 0.6


# What is explained ------------------------------------------------------------------------------


def test_a_path_from_the_mean_colour(checkpoint, tmp_path):
    x = trained.write_images(tmp_path / "images", 2, (32, 32))
    out = tmp_path / "maps"
    options = ("--method", "integrated_gradients", "--path-baseline", "mean", "--path-steps", 4)
    command = ("--checkpoint", checkpoint, "--images", tmp_path / "images", "--output", out)
    more = ("--dtype", "float64", "--threads", 1, "--quiet")
    result = programs.run("sanas_saliency", *command, *options, *more)
    assert result.returncode == 0, result.stderr
    network = trained.Pixels(trained.discrete_model(seed=5))
    mean = torch.tensor(STATISTICS["cifar10"][0]).view(1, 3, 1, 1).expand_as(x)
    expected = IntegratedGradients(network).attribute(
        x, baselines=mean, target=network(x).argmax(1), n_steps=4, method="riemann_middle"
    )
    found = torch.stack(list(load_file(out / "maps.safetensors").values()))
    torch.testing.assert_close(found, expected.abs().detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("target", ("true", "predicted"))
def test_the_explained_class(checkpoint, target, tmp_path):
    """CIFAR-10's ten images here are one, with every label once."""
    data, out = programs.write_cifar10(tmp_path / "cifar10"), tmp_path / "maps"
    pixels = np.frombuffer((data / "test_batch.bin").read_bytes()[1:3073], dtype=np.uint8)
    network = trained.Pixels(trained.discrete_model(seed=5))
    x = (torch.tensor(pixels.reshape(1, 3, 32, 32)).double() / 255.0).requires_grad_()
    logits = network(x)[0]
    probability, predicted = map(torch.Tensor.item, logits.detach().softmax(0).max(0))
    options = ("--method", "gradient", "--target", target, "--data", data, "--dtype", "float64")
    result = saliency(checkpoint, "cifar10:test", out, *options)
    assert result.returncode == 0, result.stderr
    maps, lines = load_file(out / "maps.safetensors"), trained.predictions(out)
    assert [line["label"] for line in lines] == [f"class{i}" for i in range(10)]
    for label, line in enumerate(lines):
        explained = label if target == "true" else predicted
        assert line["target"] == f"class{explained}"
        assert line["predicted"] == f"class{predicted}"
        assert line["probability"] == pytest.approx(probability, abs=1e-9)
        (gradient,) = torch.autograd.grad(logits[explained], x, retain_graph=True)
        torch.testing.assert_close(maps[line["image"]], gradient[0].abs(), rtol=1e-9, atol=1e-12)


ODD_NAME = """a b 'c' "d" <img src=x onerror=alert(1)> & é.png"""


def test_names_with_spaces_quotes_and_markup(checkpoint, images, tmp_path):
    folder, out = tmp_path / "odd", tmp_path / "maps"
    folder.mkdir()
    (folder / ODD_NAME).write_bytes((images / "0.png").read_bytes())
    result = saliency(checkpoint, folder, out, "--method", "gradient", "--metrics")
    assert result.returncode == 0, result.stderr
    (name,) = load_file(out / "maps.safetensors")
    assert name == "00000_" + ODD_NAME.removesuffix(".png")
    assert (out / f"{name}_heat.png").exists()
    assert trained.predictions(out)[0]["image"] == name
    page = tmp_path / "sheet.html"
    result = programs.run("sanas_saliency", "rate", "--maps", out, "--output", page)
    assert result.returncode == 0, result.stderr
    assert "onerror" not in page.read_text()


# Images that can't be read, and odd names -------------------------------------------------------


@pytest.fixture(scope="module", name="mixed")
def good_and_bad_images(images, tmp_path_factory):
    """Three images that can be read, in two folders, and all kinds of others."""
    folder = tmp_path_factory.mktemp("mixed")
    png = (images / "0.png").read_bytes()
    (folder / "a" / ".ipynb_checkpoints").mkdir(parents=True)
    (folder / "a" / "1.png").write_bytes(png)
    (folder / "a" / ".ipynb_checkpoints" / "1-checkpoint.png").write_bytes(png)
    (folder / "a" / "._1.png").write_bytes(b"\0\5\26\7\0\2\0\0Mac OS X        ")
    (folder / "a" / "note.gif").write_bytes(b"GIF89a")
    (folder / "a" / "cut.png").write_bytes(png[:-40])
    (folder / "link").symlink_to(folder / "a")  # followed
    (folder / "a" / "round").symlink_to(folder)  # not for ever
    (folder / "2.png").write_bytes(png)
    (folder / "lost.png").symlink_to(folder / "nowhere")
    return folder


def test_bad_images_do_not_cost_the_good_ones(checkpoint, mixed, tmp_path):
    out = tmp_path / "maps"
    result = saliency(checkpoint, mixed, out, "--method", "gradient", "--method", "gradcam")
    one_line_error("sanas_saliency", result, DATA, "3 of 6 images", ".png: ")
    warnings = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    for words in (("a/cut.png", "truncated"), ("lost.png",), ("link/cut.png",), (".gif", "hidden")):
        (line,) = [w for w in warnings if all(word in w for word in words)][:1]
    for method in ("gradient", "gradcam"):
        lines = trained.predictions(out / method)
        names = [line["image"] for line in lines]
        assert [Path(line["file"]).relative_to(mixed).as_posix() for line in lines] == [
            "2.png", "a/1.png", "link/1.png",
        ]  # fmt: skip
        assert list(load_file(out / method / "maps.safetensors")) == sorted(names)
        for name in names:
            assert (out / method / f"{name}_overlay.png").exists()
    manifest = json.loads((out / "saliency.json").read_text())
    assert manifest["images"] == names
    assert len(manifest["unreadable"]) == 3
    page = tmp_path / "sheet.html"
    assert programs.run("sanas_saliency", "rate", "--maps", out, "--output", page).returncode == 0


def test_one_bad_image_may_end_it(checkpoint, mixed, tmp_path):
    result = saliency(checkpoint, mixed, tmp_path / "maps", "--on-bad-image", "fail")
    one_line_error("sanas_saliency", result, DATA, "cut.png")
    assert not list(tmp_path.rglob("*_heat.png"))


def test_names_that_no_file_of_ours_can_have(checkpoint, images, tmp_path):
    """Long, not UTF-8, with a line feed; two that become the same when they are cut."""
    folder, out = tmp_path / "odd", tmp_path / "maps"
    folder.mkdir()
    png = (images / "0.png").read_bytes()
    names = [b"\xe7\xbe\x8e" * 74, b"x" * 251, b"x" * 250 + b"y", b"caf\xe9", b"line\nfeed"]
    for name in names:
        with open(bytes(folder) + b"/" + name + b".png", "wb") as file:
            file.write(png)
    result = saliency(checkpoint, folder, out, "--method", "gradient")
    assert result.returncode == 0, result.stderr
    lines = trained.predictions(out)
    made = [line["image"] for line in lines]
    assert len(set(made)) == len(names) == len((out / "predictions.jsonl").read_text().splitlines())
    assert sorted(load_file(out / "maps.safetensors")) == sorted(made)
    for name in made:
        assert name.isprintable() and (out / f"{name}_overlay.png").stat().st_size > 0


def test_count_draws_over_the_folders(checkpoint, images, tmp_path):
    for label in ("ape", "bee", "cat"):
        for i in range(4):
            file = tmp_path / "images" / label / f"{i}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes((images / "0.png").read_bytes())
    out = tmp_path / "maps"
    options = ("--method", "gradient", "--count", 5, "--no-pictures")
    result = saliency(checkpoint, tmp_path / "images", out, *options)
    assert result.returncode == 0, result.stderr
    chosen = [Path(line["file"]).parts[-2:] for line in trained.predictions(out)]
    assert chosen == [
        ("ape", "0.png"), ("ape", "1.png"), ("bee", "0.png"), ("bee", "1.png"), ("cat", "0.png"),
    ]  # fmt: skip
    assert not list(out.rglob("*.png"))


def test_a_signal_leaves_what_is_finished(checkpoint, images, tmp_path):
    """Stopped in the second column: the first one is whole, and no temporary file lies about."""
    out = tmp_path / "maps"
    out.mkdir()
    (out / ".maps.safetensors.sanas-tmp-1").write_text("of a process that was killed")
    command = [programs.program("sanas_saliency"), "--checkpoint", checkpoint]
    command += ["--images", images, "--output", out, "--threads", 1, "--quiet"]
    command += ["--method", "gradient", "--method", "smoothgrad", "--samples", 100000]
    with subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE) as process:
        while process.poll() is None and not (out / "smoothgrad" / "predictions.jsonl").exists():
            time.sleep(0.02)
        process.terminate()
        process.communicate(timeout=120)
    assert process.returncode == STOPPED
    assert not list(out.rglob(".*sanas-tmp*"))
    assert len(load_file(out / "gradient" / "maps.safetensors")) == 11
    manifest = json.loads((out / "saliency.json").read_text())
    assert manifest["interrupted"] and [c["name"] for c in manifest["columns"]] == ["gradient"]
    assert len(manifest["images"]) == 11


# Bad input --------------------------------------------------------------------------------------


def nothing_written(out):
    assert not out.exists(), sorted(out.rglob("*"))


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--method", "grad_cam"), ("--method", "gradcam")),
        (("--epsilon", "8/"), ("--epsilon", "8/255")),
        (("--color-map", "jetty"), ("--color-map", "jet")),
        (("--masks", "."), ("--masks", "--metrics")),
        (("--checked", "3"), ("--checked", "--metrics")),
        (("--metrics", "--threshold", "0.4"), ("--threshold", "--masks")),
        (("--samples", "3"), ("--samples", "smoothgrad")),
        (("--method", "gradient", "--epsilon", "8/255"), ("--epsilon", "pgd")),
        (("--path-steps", "3"), ("--path-steps", "integrated_gradients")),
        (("--data", "."), ("--data", "data set")),
        (("--strength", "0.2", "--no-pictures"), ("--strength", "pictures")),
        (("--target", "0"), ("--target", "predicted")),
        (("rate", "--maps", "x", "--output", "y"), ("--checkpoint", "rate")),
        (("--target", "true"), ("--target", "predicted")),
        (("--method", "gradient", "--method", "gradient"), ("gradient", "twice")),
        (("--loss", "label"), ("--loss", "soft")),
    ],
)
def test_a_command_line(checkpoint, images, arguments, words, tmp_path):
    result = saliency(checkpoint, images, tmp_path / "out", *arguments)
    one_line_error("sanas_saliency", result, CONFIGURATION, *words)
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize("missing", ("--checkpoint", "--images", "--out"))
def test_what_is_required(checkpoint, images, missing, tmp_path):
    given = {"--checkpoint": checkpoint, "--images": images, "--out": tmp_path / "out"}
    del given[missing]
    words = [word for pair in given.items() for word in pair]
    one_line_error("sanas_saliency", programs.run("sanas_saliency", *words), CONFIGURATION, missing)


def test_a_checkpoint_of_something_else(checkpoint, images, tmp_path):
    maps, out = tmp_path / "maps", tmp_path / "out"
    assert saliency(checkpoint, images, maps, "--count", 1).returncode == 0
    for other in (maps / "maps.safetensors", images / "0.png", tmp_path / "missing"):
        result = saliency(other, images, out)
        one_line_error("sanas_saliency", result, DATA, other)
        nothing_written(out)


def test_a_folder_with_nothing_usable(checkpoint, tmp_path):
    folder, out = tmp_path / "images", tmp_path / "out"
    folder.mkdir()
    (folder / "notes.txt").write_text("no image")
    one_line_error("sanas_saliency", saliency(checkpoint, folder, out), DATA, folder, "no image")
    nothing_written(out)


@pytest.mark.parametrize("mode", ("L", "RGBA", "P", "1", "CMYK"))
def test_images_of_another_mode(checkpoint, images, mode, tmp_path):
    file = tmp_path / ("image.jpg" if mode == "CMYK" else "image.png")
    Image.open(images / "0.png").convert(mode).save(file)
    result = saliency(checkpoint, file, tmp_path / "out", "--method", "gradient")
    assert result.returncode == 0, result.stderr


def with_masks(folder, change):
    masks = folder / "masks"
    masks.mkdir()
    for i in range(11):
        mask = np.zeros((20, 44), dtype=np.uint8)
        mask[4:9] = 255
        Image.fromarray(mask).save(masks / f"{i}.png")
    change(masks / "10.png")
    return masks


@pytest.mark.parametrize(
    "change, word",
    [
        (lambda file: file.unlink(), "no mask"),
        (lambda file: Image.new("L", (44, 21)).save(file), "all black"),
        (lambda file: Image.new("L", (44, 20), 255).save(file), "all white"),
        (lambda file: Image.fromarray(np.eye(20, dtype=np.uint8) * 255).save(file), "20×20"),
        (lambda file: file.write_bytes(b"no image"), "decoded"),
    ],
)
def test_masks_that_do_not_fit(checkpoint, images, change, word, tmp_path):
    masks, out = with_masks(tmp_path, change), tmp_path / "out"
    result = saliency(checkpoint, images, out, "--metrics", "--masks", masks)
    one_line_error("sanas_saliency", result, DATA, "10.png", word)
    nothing_written(out)


def test_masks_of_a_data_set(checkpoint, tmp_path):
    data = programs.write_cifar10(tmp_path / "cifar10")
    result = saliency(
        checkpoint, "cifar10:test", tmp_path / "out", "--data", data, "--metrics", "--masks", data
    )
    one_line_error("sanas_saliency", result, CONFIGURATION, "--masks", "--images")
