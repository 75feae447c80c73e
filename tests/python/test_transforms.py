# SPDX-License-Identifier: Apache-2.0
"""Images as a network gets them (`sanas_probe loader`) against torchvision on the same files."""

import numpy as np
import pytest
import torch
from programs import SHARED_DATA, run, settings
from safetensors.numpy import load_file
from scipy import stats

torchvision = pytest.importorskip("torchvision")
from PIL import Image  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

SIDE, WIDTH, HEIGHT = 32, 63, 45


def batches(tmp_path, *arguments, **values):
    output = tmp_path / "batches.safetensors"
    result = run("sanas_probe", "loader", "--config", "eval_imagenet", "--out", output,
                 *settings({"dataset.workers": 1, **values}), *arguments)  # fmt: skip
    assert result.returncode == 0, result.stderr
    return load_file(output)


def test_test_images_are_those_of_torchvision(tmp_path):
    folder = SHARED_DATA / "imagenet-sample"
    if not folder.exists():
        pytest.skip(f"{folder} is missing")
    data = batches(tmp_path, "--data", folder, "--split", "test", **{"evaluation.batch_size": 8})
    transform = v2.Compose([v2.Resize(256), v2.CenterCrop(224), v2.PILToTensor()])
    paths = sorted(path for path in (folder / "val").rglob("*.JPEG"))
    assert data["images"].shape == (len(paths), 3, 224, 224) and len(paths) >= 20
    for found, index in zip(data["images"], data["indices"]):
        image = Image.open(paths[index]).convert("RGB")
        expected = transform(image).numpy().astype(np.int64)
        assert np.abs(np.rint(found * 255).astype(np.int64) - expected).max() <= 1, paths[index]


def write_ramps(folder, count):
    """Files of one picture whose red tells the column and green the row."""
    x, y = np.meshgrid(4 * np.arange(WIDTH), 5 * np.arange(HEIGHT))
    picture = np.stack([x, y, np.zeros_like(x)], 2).astype(np.uint8)
    for split, number in (("train", count), ("val", 2)):
        for label in ("a", "b"):
            (folder / split / label).mkdir(parents=True)
            first = folder / split / label / "0.png"
            Image.fromarray(picture).save(first)
            for i in range(1, number // 2):
                (first.parent / f"{i}.png").symlink_to(first)


def fitted(ramp, step):
    """First position and length of the window that a resized ramp shows, and whether it falls."""
    inner = np.arange(3, SIDE - 3)
    slope, start = np.polyfit(inner + 0.5, ramp[:, inner].T / step + 0.5, 1)
    flipped = slope < 0
    length = np.abs(slope) * SIDE
    return np.where(flipped, start - length, start), length, flipped


def test_random_windows_are_distributed_as_those_of_torchvision(tmp_path):
    count, epochs = 2500, 4
    write_ramps(tmp_path / "data", count)
    values = {"dataset.augment.random_resized_crop": SIDE, "evaluation.batch_size": 100,
              "dataset.augment.color_jitter": "[0, 0, 0, 0]"}  # fmt: skip
    images = np.concatenate([
        batches(tmp_path, "--data", tmp_path / "data", "--epoch", epoch, **values)["images"]
        for epoch in range(epochs)])  # fmt: skip
    assert len(images) == count * epochs == 10_000
    left, width, flipped = fitted(images[:, 0].mean(1) * 255, 4)
    top, height, upside_down = fitted(images[:, 1].mean(2) * 255, 5)
    assert not upside_down.any()
    assert abs(flipped.mean() - 0.5) < 3.3 * 0.5 / np.sqrt(len(images))  # 99.9 %
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    torch.manual_seed(4)
    get = torchvision.transforms.RandomResizedCrop.get_params
    expected = np.array([get(picture, (0.08, 1.0), (3 / 4, 4 / 3)) for _ in range(10_000)])
    for found, wanted in zip((top, left, height, width), expected.T):
        assert np.abs(found - np.rint(found)).max() < 0.35
        assert stats.ks_2samp(np.rint(found), wanted).pvalue > 1e-3
    assert stats.ks_2samp(np.rint(width) * np.rint(height),
                          expected[:, 2] * expected[:, 3]).pvalue > 1e-3  # fmt: skip
