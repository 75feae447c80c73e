# SPDX-License-Identifier: Apache-2.0
"""One network, one picture, one prediction: the programs against each other and against torchvision
and PyTorch, and image files of every format against Pillow."""

import json
import re
import struct
import zlib

import numpy as np
import programs
import pytest
import torch
import trained
from PIL import Image, ImageOps
from programs import run, settings
from safetensors.numpy import load_file
from torchvision.transforms import v2

SMALL = trained.SMALL | {"dataset.augment.crop_padding": 0}
QUIET = ("--threads", 1, "--quiet")
CLASSES = 10  # with one test image each


def noise(height, width, seed):
    """A picture of a few large patches of colour."""
    patches = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((width, height), Image.Resampling.NEAREST)


def write_classes(folder, size_of, mode="RGB", ext="png"):
    for split, count in (("train", 2), ("test", 1)):
        for label in range(CLASSES):
            place = folder / split / f"class{label}"
            place.mkdir(parents=True)
            for i in range(count):
                height, width = size_of(label)
                picture = noise(height, width, 100 * label + i + (split == "test") * 10)
                picture.convert(mode).save(place / f"{i}.{ext}")
    return folder


def trained_on(data, out, values):
    """A checkpoint of a training on the data, with the random weights of trained.discrete_model."""
    values = SMALL | values
    command = ("--config", "eval_cifar10", "--genotype", trained.GENOTYPE, "--data", data)
    result = run("sanas_eval", *command, "--out", out, *QUIET, *settings(values))
    assert result.returncode == 0, result.stderr
    checkpoint = out / "checkpoints" / "last.safetensors"
    trained.replace_weights(checkpoint, "net.", trained.discrete_model(5).state_dict())
    return checkpoint


def by_test(checkpoint, *arguments):
    """Cross-entropy and top-1 of the test images."""
    command = ("--test-only", "--checkpoint", checkpoint, "--threads", 1)
    result = run("sanas_eval", *command, *arguments)
    assert result.returncode == 0, result.stderr
    found = re.search(r"loss (\d+\.\d+), top-1 (\d+\.\d+) %", result.stdout + result.stderr)
    return float(found[1]), float(found[2])


def explained(checkpoint, images, out, *arguments):
    """The lines of predictions.jsonl."""
    command = ("--checkpoint", checkpoint, "--images", images, "--output", out, *QUIET)
    result = run("sanas_saliency", *command, "--method", "gradient", "--no-pictures", *arguments)
    assert result.returncode == 0, result.stderr
    return trained.predictions(out)


def by_torch(files, transform, statistics):
    """Class and probability of each file, and loss and top-1 where file i is of class i."""
    pixels = [transform(Image.open(file).convert("RGB")) for file in files]
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in statistics)
    with torch.no_grad():
        logits = trained.discrete_model(5)((torch.stack(pixels) / 255.0 - mean) / std)[0]
    probability, predicted = logits.softmax(1).max(1)
    labels = torch.arange(len(files))
    loss = torch.nn.functional.cross_entropy(logits, labels)
    top1 = 100.0 * (predicted == labels).double().mean()
    return [f"class{i}" for i in predicted], probability.numpy(), (loss.item(), top1.item())


def check(lines, classes, probabilities):
    found = [line["predicted"] for line in lines]
    assert found == list(classes)
    np.testing.assert_allclose([x["probability"] for x in lines], probabilities, atol=1e-4)
    assert np.ptp(probabilities) > 1e-3  # images differ to the network


IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
SIZES = [(32, 96), (96, 32), (101, 67), (45, 199), (20, 31), (32, 32), (33, 64), (64, 33), (57, 57),
         (130, 40)]  # fmt: skip


@pytest.mark.parametrize(
    "resize, crop, sizes",
    [
        (32, 32, [(32, 96)] * CLASSES),  # wide, all alike
        (36, 32, [(64, 64)] * CLASSES),  # square, with a frame that is cut off
        (35, 32, SIZES),  # odd, portrait, landscape, small
        (24, 32, SIZES),  # a crop of more than there is
    ],
)
def test_all_programs_predict_the_same(resize, crop, sizes, tmp_path):
    data = write_classes(tmp_path / "data", lambda label: sizes[label])
    values = SMALL | {"dataset.name": "folder", "dataset.augment.resize": resize,
                      "dataset.augment.center_crop": crop}  # fmt: skip
    checkpoint = trained_on(data, tmp_path / "run", values)
    transform = v2.Compose([v2.Resize(resize), v2.CenterCrop(crop), v2.PILToTensor()])
    files = [data / "test" / f"class{i}" / "0.png" for i in range(CLASSES)]
    classes, probabilities, score = by_torch(files, transform, IMAGENET)
    assert by_test(checkpoint, "--config", "eval_cifar10", "--data", data,
                   *settings(values)) == pytest.approx(score, abs=2e-4)  # fmt: skip
    check(explained(checkpoint, "folder:test", tmp_path / "set", "--data", data), classes,
          probabilities)  # fmt: skip
    check(explained(checkpoint, data / "test", tmp_path / "files"), classes, probabilities)


def test_files_of_a_data_set_that_is_framed(tmp_path):
    """Fashion-MNIST's 28×28 pixels as PNG files, and what those look like in other sizes."""
    data = programs.write_fashion_mnist(tmp_path / "data" / "fashion-mnist").parent
    checkpoint = trained_on(data, tmp_path / "run", {"dataset.name": "fashion_mnist"})
    of_set = explained(checkpoint, "fashion_mnist:test", tmp_path / "set", "--data", data)
    records = (data / "fashion-mnist" / "t10k-images-idx3-ubyte").read_bytes()[16:]
    pixels = np.frombuffer(records, dtype=np.uint8).reshape(-1, 28, 28)
    small, framed, large = (tmp_path / name for name in ("small", "framed", "large"))
    for folder in (small, framed, large):
        folder.mkdir()
    for i, array in enumerate(pixels):
        image = Image.fromarray(array)
        image.save(small / f"{i:02}.png")
        ImageOps.expand(image, 2).save(framed / f"{i:02}.png")
        image.resize((280, 280), Image.Resampling.NEAREST).save(large / f"{i:02}.png")
    classes, probabilities = zip(*((x["predicted"], x["probability"]) for x in of_set))
    check(explained(checkpoint, small, tmp_path / "a"), classes, probabilities)
    check(explained(checkpoint, framed, tmp_path / "b"), classes, probabilities)
    reduced = explained(checkpoint, large, tmp_path / "c")  # blurs a little
    same = [x["predicted"] == y for x, y in zip(reduced, classes)]
    assert np.mean(same) >= 0.7


# Files of every format --------------------------------------------------------------------------

HEIGHT, WIDTH, SIDE = 13, 19, 16


def picture():
    y, x, c = np.meshgrid(np.arange(HEIGHT), np.arange(WIDTH), np.arange(3), indexing="ij")
    return ((12 * x + 9 * y + 50 * c) % 200 + 20).astype(np.uint8)


def chunk(kind, data):
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def write_formats(folder):
    """Files by name."""
    image, gradient = Image.fromarray(picture()), np.arange(HEIGHT * WIDTH) % 256
    alpha = Image.fromarray(gradient.reshape(HEIGHT, WIDTH).astype(np.uint8))
    grey, palette, bits = image.convert("L"), image.quantize(16), image.convert("1")
    rgba, la = image.copy(), grey.copy()
    rgba.putalpha(alpha)
    la.putalpha(alpha)
    files = {}

    def save(name, kind, **options):
        kind.save(folder / name, **options)
        files[name] = folder / name

    for ext in ("jpg", "png", "webp", "bmp", "tif", "tiff", "ppm", "JPEG"):
        save(f"rgb.{ext}", image, **({"lossless": True} if ext == "webp" else {}))
    for ext in ("jpg", "png", "bmp", "tif", "pgm"):
        save(f"grey.{ext}", grey)
    for ext in ("png", "bmp", "tif"):
        save(f"palette.{ext}", palette)
        save(f"bits.{ext}", bits)
    save("palette_transparent.png", palette, transparency=3)
    for ext in ("png", "tif"):
        save(f"rgba.{ext}", rgba)
        save(f"la.{ext}", la)
    save("rgba.webp", rgba, lossless=True, exact=True)
    save("cmyk.jpg", image.convert("CMYK"))
    save("cmyk.tif", image.convert("CMYK"))
    save("progressive.jpg", image, progressive=True)
    save("lossy.webp", image)
    save("interlaced.png", image, optimize=True)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        save(f"{compression}.tif", image, compression=compression)
    save("fax.tif", bits, compression="group4")
    save("pages.tif", image, save_all=True, append_images=[image.rotate(90)])
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = turn
        for ext in ("jpg", "png", "webp", "tif"):
            options = {"lossless": True} if ext == "webp" else {}
            save(f"turned{turn}.{ext}", image, exif=exif, **options)
    save("misnamed.png", image, format="JPEG")
    png = files["rgb.png"].read_bytes()
    text = b"\0\0\0\4tEXtab\0c" + b"\0\0\0\0"  # with a wrong checksum
    levels = (picture().astype(">u2") * 256 + 77).reshape(HEIGHT, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in levels)
    header = struct.pack(">2I5B", WIDTH, HEIGHT, 16, 2, 0, 0, 0)
    for name, content in (
        ("rgb16.png", png[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))),
        ("no_end.png", png[:-12]),
        ("more.png", png + b"more"),
        ("bad_comment.png", png[:33] + text + png[33:]),
        ("more.jpg", files["rgb.jpg"].read_bytes() + b"\0" * 99),
    ):
        (folder / name).write_bytes(content)
        files[name] = folder / name
    return files


def as_pillow(name, file):
    """The file's picture, upright."""
    if name == "bad_comment.png":  # Pillow looks at more than at the picture
        file = file.with_name("rgb.png")
    return ImageOps.exif_transpose(Image.open(file)).convert("RGB")


def loaded(data, output, **values):
    """The images of the one batch of training, in stored order, as bytes."""
    result = run("sanas_inspect", "loader", "--config", "eval_imagenet", "--data", data,
                 "--output", output, *settings({"dataset.workers": 1, **values}))  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "libpng" not in result.stderr
    batch = load_file(output)
    return (batch["images"] * 255)[np.argsort(batch["indices"])]


# Nothing random.
PLAIN = {
    "dataset.augment.random_resized_crop": 0,
    "dataset.augment.flip": "false",
    "dataset.augment.crop_padding": 0,
    "dataset.augment.color_jitter": "[0, 0, 0, 0]",
    "evaluation.cutout": 0,
    "evaluation.auxiliary_weight": 0,
}


def test_every_format_is_as_pillow_reads_it(tmp_path):
    folder = tmp_path / "data" / "train" / "a"
    folder.mkdir(parents=True)
    files = write_formats(folder)
    for place in ("train/b", "val/a", "val/b"):
        (tmp_path / "data" / place).mkdir(parents=True)
        Image.fromarray(picture()).save(tmp_path / "data" / place / "0.png")
    values = {"dataset.augment.resize": 21, "dataset.augment.center_crop": SIDE,
              "evaluation.batch_size": len(files) + 1}
    images = loaded(tmp_path / "data", tmp_path / "a.safetensors", **PLAIN, **values)  # fmt: skip
    assert len(images) == len(files) + 1
    transform = v2.Compose([v2.Resize(21), v2.CenterCrop(SIDE), v2.PILToTensor()])
    for found, name in zip(images, sorted(files)):  # those of the first class come first
        expected = transform(as_pillow(name, files[name])).numpy()
        assert np.abs(found - expected).max() <= 1.01, name


def test_large_files_are_decoded_in_part_but_placed_as_a_whole(tmp_path):
    """In training, JPEG files are decoded at a half, a quarter or an eighth. Their sizes here are such
    that the size and the middle of the reduced picture are not those of the whole one."""
    folder = tmp_path / "data" / "train" / "a"
    for place in ("train/a", "train/b", "val/a", "val/b"):
        (tmp_path / "data" / place).mkdir(parents=True)
        Image.fromarray(picture()).save(tmp_path / "data" / place / "0.png")
    sizes = {"half.jpg": (133, 195), "quarter.jpg": (515, 259), "eighth.jpg": (613, 1031)}
    for name, (height, width) in sizes.items():
        y, x = np.mgrid[:height, :width] / min(height, width)  # waves of the same size after all
        levels = [np.sin(20 * x + c) * np.cos(17 * y) * 100 + 127 for c in range(3)]
        turn = Image.Exif()
        turn[0x112] = 6 if name == "half.jpg" else 1
        image = Image.fromarray(np.stack(levels, 2).astype(np.uint8))
        image.save(folder / name, quality=98, subsampling=0, exif=turn)
    files = {path.name: path for path in folder.iterdir()}
    images = loaded(tmp_path / "data", tmp_path / "a.safetensors", **PLAIN,
                    **{"dataset.augment.resize": 31, "dataset.augment.center_crop": 28,
                       "evaluation.batch_size": 5})  # fmt: skip
    transform = v2.Compose([v2.Resize(31), v2.CenterCrop(28), v2.PILToTensor()])
    for found, name in zip(images, sorted(files)):
        expected = transform(as_pillow(name, files[name])).numpy()
        assert np.abs(found - expected).max() < 20, name
        assert np.abs(found - expected).mean() < 5, name  # half a pixel aside: 15


def test_the_upper_bits_of_sixteen(tmp_path):
    """Of grey levels Pillow's convert() would cut everything above 255."""
    levels = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32) * 64
    data = programs.write_cifar10(tmp_path / "cifar10")
    checkpoint = trained.run_once("sanas_eval", tmp_path, "--config", "eval_cifar10", "--genotype",
                                  trained.GENOTYPE, write_data=lambda _: data)  # fmt: skip
    images = tmp_path / "images"
    images.mkdir()
    for ext in ("png", "tif"):
        Image.fromarray(levels).save(images / f"{ext}.{ext}")
    command = ("--checkpoint", checkpoint, "--images", images, "--output", tmp_path / "maps")
    result = run("sanas_saliency", *command, *QUIET, "--method", "gradient")
    assert result.returncode == 0, result.stderr
    for name in json.loads((tmp_path / "maps" / "saliency.json").read_text())["images"]:
        shown = np.array(Image.open(tmp_path / "maps" / f"{name}_image.png"))
        assert np.abs(shown - (levels // 256)[..., None].astype(int)).max() <= 1
