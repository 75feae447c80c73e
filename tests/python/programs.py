# SPDX-License-Identifier: Apache-2.0
"""Runs the programs beside sanas_inspect, and writes small data sets for them."""

import lzma
import os
import random
import struct
import subprocess
import tarfile
import zlib
from pathlib import Path

import pytest

SOURCE = Path(os.environ.get("SANAS_SOURCE_DIR", Path(__file__).parents[2]))
SHARED_DATA = Path(os.environ.get("SANAS_SHARED_DIR", "missing")) / "data"
PIXELS = 3 * 32 * 32


def program(name):
    """The program beside sanas_inspect; skips the test where there is none."""
    inspect = os.environ.get("SANAS_INSPECT", "")
    path = Path(inspect).parent / name
    if not inspect or not path.exists():
        pytest.skip(f"SANAS_INSPECT does not lead to {name}")
    return path.resolve()


def run(name, *arguments, cwd=SOURCE):
    """The finished program: exit status, standard output and standard error."""
    command = [program(name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def settings(values):
    """The command line that sets these keys."""
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


def one_line_error(name, result, status, *words):
    """The program ended with `status` and one line on standard error that has all the words."""
    assert result.returncode == status, result.stderr
    errors = [line for line in result.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(errors) == 1, result.stderr
    assert errors[0].startswith(f"{name}: error: "), result.stderr
    missing = [str(word) for word in words if str(word) not in errors[0]]
    assert not missing, f"{missing} not in: {errors[0]}"


def noise(count):
    """That many reproducible bytes."""
    return random.Random(count).randbytes(count)


def cifar10_records(count):
    """Labels 0, 1, … 9, 0, …, each before its image."""
    return b"".join(bytes([i % 10]) + noise(PIXELS) for i in range(count))


def cifar100_records(count):
    """A coarse label, a fine label and an image each."""
    return b"".join(bytes([i % 20, i % 100]) + noise(PIXELS) for i in range(count))


def write_cifar10(folder, train=40, test=10):
    """CIFAR-10 in its binary layout, of noise."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data_batch_1.bin").write_bytes(cifar10_records(train))
    (folder / "test_batch.bin").write_bytes(cifar10_records(test))
    (folder / "batches.meta.txt").write_text("".join(f"class{i}\n" for i in range(10)))
    return folder


def write_cifar100(folder, train=200, test=10):
    """The first images of the real CIFAR-100 where it is, of noise otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = SHARED_DATA / "cifar-100-binary.tar.xz"
    if archive.exists():
        sizes = {"train.bin": 3074 * train, "test.bin": 3074 * test, "fine_label_names.txt": -1}
        with lzma.open(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as files:
            for member in files:
                name = Path(member.name).name
                if name in sizes:
                    (folder / name).write_bytes(files.extractfile(member).read(sizes[name]))
                    if name == "train.bin":
                        break  # the rest would only be decompressed
    else:
        (folder / "train.bin").write_bytes(cifar100_records(train))
        (folder / "test.bin").write_bytes(cifar100_records(test))
        (folder / "fine_label_names.txt").write_text("".join(f"class{i}\n" for i in range(100)))
    return folder


def write_fashion_mnist(folder, train=40, test=10):
    """Fashion-MNIST in its IDX layout, of noise."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, count in (("train", train), ("t10k", test)):
        images = struct.pack(">4i", 0x803, count, 28, 28) + noise(count * 28 * 28)
        labels = struct.pack(">2i", 0x801, count) + bytes(i % 10 for i in range(count))
        (folder / f"{stem}-images-idx3-ubyte").write_bytes(images)
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(labels)
    return folder


def png(side):
    """A square image with a horizontal gradient."""
    rows = (b"\0" + bytes(x * 255 // side for x in range(side) for _ in range(3))) * side
    chunks = (
        (b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def write_image_folders(folder, classes=10, train=4, test=1, side=240):
    """A folder of images per class in `train` and `val`."""
    image = png(side)
    for split, count in (("train", train), ("val", test)):
        for label in range(classes):
            place = folder / split / f"class{label:04d}"
            place.mkdir(parents=True)
            for i in range(count):
                (place / f"{i}.png").write_bytes(image)
    return folder
