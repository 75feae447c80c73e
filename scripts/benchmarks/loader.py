#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images per second of the loader beside PyTorch's DataLoader with torchvision: the same files, the
same transforms, batch size and number of workers, in turn on one machine.

    scripts/benchmarks/loader.py --cifar DIR --images DIR [--bin build/release/bin]

CIFAR-100 (binary) with crop, flip and cutout; a folder of JPEG files, class by class in `train`, with
random resized crop, flip and colour jitter. Needs torchvision. Prints a Markdown table of medians.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import time

import numpy as np
import torch
import torchvision
from torchvision.transforms import v2


class Cifar100(torch.utils.data.Dataset):
    """As torchvision's CIFAR100: bytes in memory, a PIL image per item."""

    def __init__(self, folder, transform):
        path = next(pathlib.Path(folder).rglob("train.bin"))
        rows = np.fromfile(path, np.uint8).reshape(-1, 3074)
        self.images = np.ascontiguousarray(rows[:, 2:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.labels = rows[:, 1].astype(np.int64)
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = torchvision.transforms.functional.to_pil_image(self.images[index])
        return self.transform(image), self.labels[index]


class Cutout:
    """Of the DARTS code: a square of zeros around a random centre."""

    def __init__(self, length):
        self.length = length

    def __call__(self, image):
        h, w = image.shape[1:]
        y, x = np.random.randint(h), np.random.randint(w)
        mask = np.ones((h, w), np.float32)
        half = self.length // 2
        mask[max(y - half, 0) : y + half, max(x - half, 0) : x + half] = 0
        return image * torch.from_numpy(mask)


def to_tensor():
    return [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]


def pytorch_rate(dataset, batch_size, workers, batches):
    loader = torch.utils.data.DataLoader(
        dataset, batch_size, shuffle=True, num_workers=workers, drop_last=True)
    count, start = 0, time.monotonic()
    for number, (images, _) in enumerate(loader, 1):
        count += len(images)
        if number == batches:
            break
    return count / (time.monotonic() - start)


def our_rate(options, config, data, batch_size, workers, batches):
    command = [pathlib.Path(options.bin) / "sanas_probe", "loader", "--config", config, "--data", data,
               "--set", f"dataset.workers={workers}", "--batches", str(batches),
               "--set", f"evaluation.batch_size={batch_size}"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"(\d+) images/s", output)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cifar", required=True, help="folder with CIFAR-100 (binary)")
    parser.add_argument("--images", required=True, help="folder with train/CLASS/*.JPEG and val")
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)

    cifar = Cifar100(options.cifar, v2.Compose([
        v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip(), *to_tensor(), Cutout(16)]))
    photos = torchvision.datasets.ImageFolder(
        pathlib.Path(options.images) / "train",
        v2.Compose([v2.RandomResizedCrop(224), v2.RandomHorizontalFlip(),
                    v2.ColorJitter(0.4, 0.4, 0.4, 0.2), *to_tensor()]))
    cases = {
        "CIFAR-100: crop, flip, cutout": (cifar, "eval_cifar100", options.cifar, 96, 200),
        "JPEG: resized crop, flip, jitter": (
            photos, "eval_imagenet", options.images, 16, len(photos) // 16),
    }
    print("| images | workers | here, images/s | PyTorch, images/s | ratio |\n|---|---|---|---|---|")
    for name, (dataset, config, data, batch_size, batches) in cases.items():
        for workers in options.workers:
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(our_rate(options, config, data, batch_size, workers, batches))
                theirs.append(pytorch_rate(dataset, batch_size, workers, batches))
            a, b = statistics.median(ours), statistics.median(theirs)
            print(f"| {name} | {workers} | {a:.0f} | {b:.0f} | {a / b:.2f} |", flush=True)


if __name__ == "__main__":
    main()
