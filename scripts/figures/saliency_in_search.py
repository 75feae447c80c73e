#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a search that follows its saliency find better networks? Searches on Fashion-MNIST with the
paper's attack, with one that has a derivative (`saliency: alive`), and with the latter but without
the paths through it, each from several seeds; trains what was found, tests it, and measures its maps.

Each run is added to saliency_in_search.json as it ends; what stands there is not done again, so the
script can be stopped at any time. At the end it prints the table of docs/saliency.md, with the
t-tests of `sanas_eval compare`. A run takes some five minutes on one core.

    scripts/figures/saliency_in_search.py [--seeds 5] [--jobs 1] [--output docs/figures]
"""

import argparse
import concurrent.futures
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


class Study:
    def __init__(self, options):
        self.bin = pathlib.Path(options.bin).resolve()
        self.results = pathlib.Path(options.output) / "saliency_in_search.json"
        self.steps = options.steps
        self.lock = threading.Lock()
        self.rows = json.loads(self.results.read_text()) if self.results.exists() else []

    def call(self, program, *words):
        done = subprocess.run([str(self.bin / program), *map(str, words)], text=True, check=False,
                              capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        if done.returncode != 0:
            raise SystemExit(f"{program} {' '.join(map(str, words))}\n{done.stderr}")
        return done.stdout

    def run(self, variant, seed):
        if any((row["variant"], row["seed"]) == (variant, seed) for row in self.rows):
            return
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            settings = [w for s in [*COMMON, *VARIANTS[variant], f"search.max_steps={self.steps}"]
                        for w in ("--set", s)]
            common = ("--config", "quickstart", "--seed", seed, "--threads", 1, "--quiet")
            self.call("sanas_search", *common, "--out", folder / "search", *settings)
            genotype = folder / "search" / "genotype.txt"
            self.call("sanas_eval", *common, "--genotype", genotype, "--out", folder / "eval",
                      "--set", "dataset.workers=0")
            self.call("sanas_saliency", "--checkpoint", folder / "eval/checkpoints/last.safetensors",
                      "--images", "fashion_mnist:test", "--count", 64, "--checked", 64, "--metrics",
                      "--no-pictures", "--out", folder / "maps", "--threads", 1, "--quiet")
            row = {"variant": variant, "seed": seed, "steps": self.steps,
                   "genotype": genotype.read_text().strip(),
                   "accuracy": float((folder / "eval/test_accuracy.txt").read_text())}
            metrics = json.loads((folder / "maps/metrics.json").read_text())
            row |= {name: metrics["columns"][0]["metrics"][name]["mean"] for name in MAPS}
            lines = [json.loads(x) for x in (folder / "search/metrics.jsonl").read_text().splitlines()]
            epoch = [line for line in lines if line["phase"] == "search_epoch"][-1]
            row |= {key: epoch[key] for key in epoch if key.startswith(("share_", "saliency_"))}
        with self.lock:
            self.rows.append(row)
            self.rows.sort(key=lambda one: (list(VARIANTS).index(one["variant"]), one["seed"]))
            self.results.write_text(json.dumps(self.rows, indent=1) + "\n")
            print(variant, seed, row["accuracy"], flush=True)

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
                cells = []
                for key in keys:
                    values = np.array([row.get(key, np.nan) for row in rows])
                    spread = values.std(ddof=1) if len(values) > 1 else np.nan
                    cells.append(f"{values.mean():.4f} ± {spread:.4f}".ljust(17))
                lines.append("".join([variant.ljust(16), *cells]).rstrip())
                files.append(pathlib.Path(folder) / f"{variant.replace(', ', '-').replace(' ', '-')}.txt")
                files[-1].write_text("".join(f"{row['accuracy']}\n" for row in rows))
            text = "\n".join(lines) + "\n"
            return text + ("\n" + self.call("sanas_eval", "compare", *files) if len(files) > 1 else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300, help="mini-batches of each search")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, a core each")
    parser.add_argument("--output", default="docs/figures")
    parser.add_argument("--bin", default="build/release/bin")
    options = parser.parse_args()
    study = Study(options)
    runs = [(variant, seed) for seed in range(1, options.seeds + 1) for variant in VARIANTS]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda run: study.run(*run), runs))
    print(study.table())


if __name__ == "__main__":
    main()
