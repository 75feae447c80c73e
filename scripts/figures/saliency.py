#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sheets and tables of docs/saliency.md: trains small networks on the ImageNet sample, three with
true labels from different seeds and one with randomised labels, and measures their maps of the ECSSD
sample.

1. figures/saliency_methods.png: photographs and the maps of all methods.
2. figures/saliency_variants.png: the same photographs under PGD and its un-saturated variants.
3. figures/saliency_metrics.svg, and the tables between the marks in saliency.md.
4. Which attack makes the default maps (`--preset alive`): chosen on one half of the ECSSD sample by
   three networks, the table shows the chosen one and the best of each kind on the other half.

Takes about half an hour on one core.

    scripts/figures/saliency.py --data DIR [--output docs] [--bin build/release/bin] [--work DIR]
"""

import argparse
import csv
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile

import numpy as np
from PIL import Image, ImageDraw

METHODS = ["pgd", "gradient", "smoothgrad", "integrated_gradients", "gradcam"]
VARIANTS = {
    "7 steps": [],
    "1 step ~ gradient": ["--steps", "0", "--loss", "pseudo"],
    "l2 ball": ["--norm", "l2", "--epsilon", "1", "--step-size", "1/4"],
    "4 starts": ["--starts", "4"],
}
# What may become the default maps, in kinds of which the best one is shown.
STARTS = [1, 4]
SMOOTHINGS = [0, 2, 4]  # more would find the middle of a picture, not an object
ATTACKS = {
    "1 step ~ gradient": [["--steps", "0", "--loss", "pseudo"]],
    "l2 ball": [["--norm", "l2", "--epsilon", epsilon, "--step-size", step, "--loss", loss]
                for epsilon, step in (("1/2", "1/4"), ("1", "1/4"), ("2", "1/2"))
                for loss in ("soft", "pseudo")],
}
SETTINGS = {
    "dataset.augment.random_resized_crop": 64,
    "dataset.augment.color_jitter": "[0, 0, 0, 0]",
    "dataset.workers": 0,
    "evaluation.channels": 8,
    "evaluation.cells": 5,
    "evaluation.epochs": 30,
    "evaluation.batch_size": 16,
    "evaluation.learning_rate": 0.05,
    "evaluation.auxiliary_weight": 0,
    "evaluation.warm_up_epochs": 2,
    "evaluation.label_smoothing": 0,
    "evaluation.schedule": "cosine",
}
VARIANT_ROWS = ["deletion_area", "insertion_area", "pointing_game", "energy_in_mask", "best_iou",
                "average_precision", "mask_share"]
SHOWN = 6


def run(program, *arguments):
    result = subprocess.run([str(word) for word in (program, *arguments)], check=True, text=True,
                            stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return result.stdout


def randomise_labels(images, folder):
    """The same training images, each in the folder of a class drawn at random."""
    source = pathlib.Path(images).resolve()
    classes = sorted(path.name for path in (source / "train").iterdir())
    files = sorted((source / "train").rglob("*.*"))
    labels = [file.parent.name for file in files]
    random.Random(1).shuffle(labels)
    for name in classes:
        (folder / "train" / name).mkdir(parents=True)
    for number, (file, label) in enumerate(zip(files, labels)):
        (folder / "train" / label / f"{number:04}{file.suffix}").symlink_to(file)
    shutil.copytree(source / "val", folder / "val")
    return folder


def train(args, data, name, seed=0):
    """The checkpoint of a training, made once."""
    out = args.work / name
    checkpoint = out / "checkpoints" / "last.safetensors"
    if not (out / "test_accuracy.txt").exists():
        shutil.rmtree(out, ignore_errors=True)
        settings = [w for k, v in SETTINGS.items() for w in ("--set", f"{k}={v}")]
        run(args.bin / "sanas_eval", "--config", "eval_imagenet", "--genotype", "DARTS_V2",
            "--data", data, "--out", out, "--quiet", "--threads", 1, "--seed", seed, *settings)
    return checkpoint


def saliency(args, checkpoint, out, *arguments):
    shutil.rmtree(out, ignore_errors=True)
    ecssd = args.data / "ecssd-sample"
    return run(args.bin / "sanas_saliency", "--checkpoint", checkpoint, "--out", out, "--quiet",
               "--images", ecssd / "images", "--metrics", "--masks", ecssd / "masks",
               "--threads", 1, *arguments)


def sheet(columns, path, height=120, gap=6):
    """Pictures in columns under their names; `columns` are (name, files)."""
    tiles = []
    for _, files in columns:
        images = [Image.open(file).convert("RGB") for file in files]
        tiles.append([im.resize((im.width * height // im.height, height)) for im in images])
    widths = [max(tile.width for tile in column) for column in tiles]
    rows = len(tiles[0])
    size = (gap + sum(width + gap for width in widths), 20 + rows * (height + gap))
    whole = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(whole)
    x = gap
    for (name, _), column, width in zip(columns, tiles, widths):
        draw.text((x, 4), name, fill="black")
        for row, tile in enumerate(column):
            whole.paste(tile, (x, 20 + row * (height + gap)))
        x += width + gap
    whole.save(path, optimize=True)


def variant_table(folders):
    rows = {}
    for name, folder in folders.items():
        with (folder / "metrics.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                rows.setdefault(row["metric"], {})[name] = (
                    f"{float(row['mean']):.3f} [{float(row['low']):.3f}, {float(row['high']):.3f}]"
                )
    width = 22
    lines = ["metric".ljust(width) + "".join(name.ljust(width) for name in folders)]
    for metric in VARIANT_ROWS:
        cells = "".join(rows[metric][name].ljust(width) for name in folders)
        lines.append(metric.ljust(width) + cells)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def put_table(page, mark, table):
    """Replaces the indented block after the mark."""
    text = page.read_text(encoding="utf-8")
    block = "".join(f"    {line}\n" for line in table.splitlines())
    pattern = rf"(<!-- {mark} -->\n\n)(?:    .*\n)*"
    found, count = re.subn(pattern, lambda match: match[1] + block, text)
    assert count == 1, mark
    page.write_text(found, encoding="utf-8")


def photographs(folder):
    """Names of the images that the sheets show, and the files."""
    names = sorted(path.name.removesuffix("_image.png") for path in folder.glob("*_image.png"))
    names = names[:: len(names) // SHOWN][:SHOWN]
    return names, ("image", [folder / f"{name}_image.png" for name in names])


def make_methods(args, checkpoint, other_seed, random_labels):
    out = args.work / "methods"
    table = saliency(args, checkpoint, out, *[w for m in METHODS for w in ("--method", m)],
                     "--preset", "paper", "--checked", 1000, "--other-seed", other_seed, "--random-labels", random_labels)
    names, images = photographs(out)
    shutil.copy(out / "metrics.svg", args.output / "figures" / "saliency_metrics.svg")
    sheet([images] + [(m, [out / m / f"{n}_heat.png" for n in names]) for m in METHODS],
          args.output / "figures" / "saliency_methods.png")
    put_table(args.output / "saliency.md", "methods", table)


def make_variants(args, checkpoint):
    folders = {}
    for number, (name, options) in enumerate(VARIANTS.items()):
        folders[name] = args.work / f"variant{number}"
        saliency(args, checkpoint, folders[name], "--checked", 0, "--preset", "paper", *options)
    names, images = photographs(args.work / "variant0")
    sheet([images] + [(v, [f / f"{n}_heat.png" for n in names]) for v, f in folders.items()],
          args.output / "figures" / "saliency_variants.png")
    put_table(args.output / "saliency.md", "variants", variant_table(folders))


def halves(args):
    """Two folders with every second photograph each."""
    folders = []
    for half in (0, 1):
        folder = args.work / f"half{half}"
        folder.mkdir(exist_ok=True)
        for file in sorted((args.data / "ecssd-sample" / "images").iterdir())[half::2]:
            link = folder / file.name
            if not link.exists():
                link.symlink_to(file.resolve())
        folders.append(folder)
    return folders


def localization(args, checkpoints, images, options):
    """Average precision and pointing game of each photograph of a folder, mean over networks."""
    by_photograph = {}
    for checkpoint in checkpoints:
        out = args.work / "localization"
        shutil.rmtree(out, ignore_errors=True)
        run(args.bin / "sanas_saliency", "--checkpoint", checkpoint, "--out", out, "--quiet",
            "--images", images, "--metrics", "--masks", args.data / "ecssd-sample" / "masks",
            "--threads", 1, "--checked", 0, "--curve-steps", 1, "--no-pictures", *options)
        for line in (out / "metrics_per_image.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row["average_precision"] is not None:
                values = [row["average_precision"], row["pointing_game"], row["mask_share"]]
                by_photograph.setdefault(row["image"], []).append(values)
    return np.array([np.mean(values, axis=0) for values in by_photograph.values()])


def interval(values):
    """Mean and 95 % percentile bootstrap interval over photographs."""
    draws = np.random.default_rng(0).integers(len(values), size=(10000, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


def candidates():
    """(kind, options) from the simplest on: without smoothing and with one start first."""
    for smooth in SMOOTHINGS:
        for starts in STARTS:
            for kind, attacks in ATTACKS.items():
                for attack in attacks:
                    yield (kind + (", smoothed" if smooth else ""),
                           ["--preset", "paper", *attack, "--starts", starts, "--smooth", smooth])


def make_default(args, checkpoints):
    """Chooses on the first half by the sum of both scores: the simplest candidate that is within one
    standard error of the best, as so few photographs can't tell them apart (the rule of Breiman and
    others, 1984). The second half is for the report."""
    choosing, reporting = halves(args)
    found = []
    for kind, options in candidates():
        sums = localization(args, checkpoints, choosing, options)[:, :2].sum(axis=1)
        found.append((kind, options, sums.mean(), sums.std(ddof=1) / len(sums) ** 0.5))
        print(f"{found[-1][2]:.4f} ± {found[-1][3]:.4f} {' '.join(map(str, options))}", flush=True)
    best = max(found, key=lambda one: one[2])
    chosen = next(one for one in found if one[2] >= best[2] - best[3])
    shown = {"paper": ["--preset", "paper"]}
    for kind in dict.fromkeys(kind for kind, *_ in found):
        shown[f"best {kind}"] = max((one for one in found if one[0] == kind), key=lambda x: x[2])[1]
    shown["chosen"] = chosen[1]
    lines = ["".ljust(34) + "options".ljust(74) + "average precision       pointing game"]
    for name, options in shown.items():
        scores = localization(args, checkpoints, reporting, options)
        words = " ".join(map(str, options[2:]))
        lines.append(f"{name:<34}{words:<74}{interval(scores[:, 0]):<24}{interval(scores[:, 1])}")
    lines.append("chance".ljust(108) + interval(scores[:, 2]))
    put_table(args.output / "saliency.md", "default", "\n".join(lines) + "\n")


def make(args):
    images = args.data / "imagenet-sample"
    checkpoint = train(args, images, "true")
    other_seed = train(args, images, "other", seed=1)
    shuffled = args.work / "shuffled"
    if not shuffled.exists():
        randomise_labels(images, shuffled)
    random_labels = train(args, shuffled, "random")
    make_methods(args, checkpoint, other_seed, random_labels)
    make_variants(args, checkpoint)
    third = train(args, images, "third", seed=2)
    make_default(args, [checkpoint, other_seed, third])
    for name in ("true", "other", "third", "random"):
        accuracy = (args.work / name / "test_accuracy.txt").read_text().strip()
        print(f"test accuracy of network '{name}': {accuracy}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True,
                        help="folder with imagenet-sample and ecssd-sample")
    parser.add_argument("--output", type=pathlib.Path, default="docs")
    parser.add_argument("--bin", type=pathlib.Path, default="build/release/bin")
    parser.add_argument("--work", type=pathlib.Path, help="folder to keep the networks in")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        args.work = args.work or pathlib.Path(temporary)
        args.work.mkdir(parents=True, exist_ok=True)
        make(args)


if __name__ == "__main__":
    main()
