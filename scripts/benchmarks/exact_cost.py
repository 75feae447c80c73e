#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seconds of one architecture step, exact against finite differences, in turn on one machine.

    scripts/benchmarks/exact_cost.py --data DIR [--bin build/release/bin] [--channels 8]

The CIFAR-100 configuration at reduced width; prints both medians and their ratio.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import tempfile


def architecture_seconds(options, approximation, steps, out):
    """Of all architecture steps of a search, from the last lines of its log."""
    settings = {
        "supernet.channels": options.channels,
        "search.batch_size": options.batch_size,
        "search.max_steps": steps,
        "search.report_every": 1000,  # a logged step splits terms, which takes more passes
        "search.validate_every": 0,
        "search.update_every.architecture": 1,
        "search.update_every.weights2": 1000,
        "hypergradient.approximation": approximation,
    }
    flags = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    subprocess.run(
        [pathlib.Path(options.bin) / "sanas_search", "--config", "cifar100_darts2nd", "--quiet",
         "--data", options.data, "--out", out, *flags],
        check=True, capture_output=True)
    return float(re.search(r"architecture .* s each, ([0-9.]+) s in all",
                           (out / "log.txt").read_text())[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder with CIFAR-100 (binary)")
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--channels", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    found = {"finite_difference": [], "exact": []}
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(options.rounds):
            for approximation, values in found.items():
                first, all_ = (
                    architecture_seconds(options, approximation, steps,
                                         pathlib.Path(folder) / f"{approximation}-{round_}-{steps}")
                    for steps in (1, 1 + options.steps)
                )
                values.append((all_ - first) / options.steps)  # without the one that warms up
    medians = {name: statistics.median(values) for name, values in found.items()}
    for name, value in medians.items():
        print(f"{name:18} {value:.3f} s per architecture step")
    print(f"ratio              {medians['exact'] / medians['finite_difference']:.2f}")


if __name__ == "__main__":
    main()
