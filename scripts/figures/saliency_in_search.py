#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a search that follows its saliency find better networks? Searches on Fashion-MNIST with the
paper's attack, with one that has a derivative (`saliency: alive`), and with the latter but without
the paths through it, each from several seeds; trains what was found, tests it, and measures its maps.

With `--shares`: what the hypergradient's terms are worth at the start of such searches and after
three epochs of them, for docs/mathematics.md.

Each run is added to saliency_in_search.json (saliency_shares.json) as it ends; what stands there is not
done again, so the script can be stopped at any time. At the end it prints the table, of the searches with
the t-tests of `sanas_eval compare`. A run takes some five minutes on one core.

    scripts/figures/saliency_in_search.py [--shares] [--seeds 5] [--jobs 1] [--output docs/figures]
"""

import argparse
import concurrent.futures
import itertools
import json
import os
import pathlib
import subprocess
import tempfile
import threading

import numpy as np

NO_PATH = ["hypergradient.terms.delta_direct=false", "hypergradient.terms.delta_weights1=false"]
VARIANTS = {
    "paper": ["saliency=paper"],
    "alive": ["saliency=alive"],
    "alive, no path": ["saliency=alive", *NO_PATH],
}
COMMON = ["hypergradient.approximation=exact", "search.saliency.count=16", "dataset.workers=0"]
MAPS = ["deletion_area", "insertion_area", "seed_agreement"]


# What a search is stopped after to see its terms: its first mini-batch, and three epochs of 100.
MOMENTS = {"start": ["search.max_steps=1"], "three epochs": ["search.max_steps=0"]}
THREE_EPOCHS = ["search.epochs=3", "dataset.subset=3200", "search.saliency.count=64"]
TERMS = ["share_d2", "share_I2", "share_I3", "share_I4", "share_I1", "saliency_seed_agreement",
         "saliency_saturated"]


class Study:
    def __init__(self, options, file):
        self.bin = pathlib.Path(options.bin).resolve()
        self.results = pathlib.Path(options.output) / file
        self.steps = options.steps
        self.lock = threading.Lock()
        self.rows = json.loads(self.results.read_text()) if self.results.exists() else []

    def call(self, program, *words):
        done = subprocess.run([str(self.bin / program), *map(str, words)], text=True, check=False,
                              capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        if done.returncode != 0:
            raise SystemExit(f"{program} {' '.join(map(str, words))}\n{done.stderr}")
        return done.stdout

    def is_done(self, **key):
        return any(all(row.get(name) == value for name, value in key.items()) for row in self.rows)

    def add(self, row):
        with self.lock:
            self.rows.append(row)
            self.rows.sort(key=lambda one: (list(VARIANTS).index(one["variant"]), one["seed"]))
            self.results.write_text(json.dumps(self.rows, indent=1) + "\n")
            print(row["variant"], row["seed"], row.get("moment", row.get("accuracy")), flush=True)

    def search(self, folder, seed, settings):
        """Searches into folder/search. @return what its last epoch's record says of saliency."""
        flags = [word for setting in [*COMMON, *settings] for word in ("--set", setting)]
        self.call("sanas_search", *common(seed), "--out", folder / "search", *flags)
        lines = (folder / "search/metrics.jsonl").read_text().splitlines()
        epoch = [x for x in map(json.loads, lines) if x["phase"] == "search_epoch"][-1]
        return {key: epoch[key] for key in epoch if key.startswith(("share_", "saliency_"))}

    def run(self, variant, seed):
        if self.is_done(variant=variant, seed=seed):
            return
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            seen = self.search(folder, seed, [*VARIANTS[variant], f"search.max_steps={self.steps}"])
            genotype = folder / "search" / "genotype.txt"
            self.call("sanas_eval", *common(seed), "--genotype", genotype, "--out", folder / "eval",
                      "--set", "dataset.workers=0")
            self.call("sanas_saliency", "--checkpoint", folder / "eval/checkpoints/last.safetensors",
                      "--images", "fashion_mnist:test", "--count", 64, "--checked", 64, "--metrics",
                      "--no-pictures", "--out", folder / "maps", "--threads", 1, "--quiet")
            metrics = json.loads((folder / "maps/metrics.json").read_text())
            self.add({"variant": variant, "seed": seed, "steps": self.steps,
                      "genotype": genotype.read_text().strip(),
                      "accuracy": float((folder / "eval/test_accuracy.txt").read_text()),
                      **{name: metrics["columns"][0]["metrics"][name]["mean"] for name in MAPS}, **seen})

    def look(self, variant, seed, moment):
        if self.is_done(variant=variant, seed=seed, moment=moment):
            return
        with tempfile.TemporaryDirectory() as folder:
            settings = [*THREE_EPOCHS, *VARIANTS[variant], *MOMENTS[moment]]
            seen = self.search(pathlib.Path(folder), seed, settings)
            self.add({"variant": variant, "seed": seed, "moment": moment, **seen})

    def share_table(self):
        """Means and deviations of the terms' shares."""
        lines = ["".join([" " * 22, *(term.ljust(20) for term in TERMS)]).rstrip()]
        for variant in VARIANTS:
            for moment in MOMENTS:
                rows = [r for r in self.rows if (r["variant"], r.get("moment")) == (variant, moment)]
                if rows:
                    cells = [spread([row.get(term, np.nan) for row in rows]) for term in TERMS]
                    title = f"{variant}, {moment}".ljust(22)
                    lines.append("".join([title, *(cell.ljust(20) for cell in cells)]).rstrip())
        return "\n".join(lines)

    def table(self):
        """Means and deviations, and the paper's accuracies against each of the others."""
        keys = ["accuracy", *MAPS, "share_I3", "share_I4"]
        lines = ["".join(["variant".ljust(16), *(key.ljust(17) for key in keys)])]
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for variant in VARIANTS:
                rows = [row for row in self.rows if row["variant"] == variant]
                if not rows:
                    continue
                cells = [spread([row.get(key, np.nan) for row in rows]).ljust(17) for key in keys]
                lines.append("".join([variant.ljust(16), *cells]).rstrip())
                files.append(pathlib.Path(folder) / f"{variant.replace(', ', '-').replace(' ', '-')}.txt")
                files[-1].write_text("".join(f"{row['accuracy']}\n" for row in rows))
            text = "\n".join(lines) + "\n"
            return text + ("\n" + self.call("sanas_eval", "compare", *files) if len(files) > 1 else "")


def common(seed):
    return ("--config", "quickstart", "--seed", seed, "--threads", 1, "--quiet")


def spread(values):
    """Mean and standard deviation."""
    deviation = np.std(values, ddof=1) if len(values) > 1 else np.nan
    return f"{np.mean(values):.4f} ± {deviation:.4f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shares", action="store_true", help="look at the hypergradient's terms instead")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300, help="mini-batches of each search")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, a core each")
    parser.add_argument("--output", default="docs/figures")
    parser.add_argument("--bin", default="build/release/bin")
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        if options.shares:
            study = Study(options, "saliency_shares.json")
            list(pool.map(lambda run: study.look(*run),
                          itertools.product(["paper", "alive"], seeds, MOMENTS)))
            print(study.share_table())
        else:
            study = Study(options, "saliency_in_search.json")
            list(pool.map(lambda run: study.run(*reversed(run)), itertools.product(seeds, VARIANTS)))
            print(study.table())


if __name__ == "__main__":
    main()
