#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seconds of a training under several bounds on the spinning of idle OpenMP threads, with other work beside it.

    scripts/benchmarks/spinning.py [--bin build/release/bin] [--steps 40] [--busy 0 1 2]

The network of the quickstart on Fashion-MNIST, with as many threads as there are cores, beside so
many processes that keep one core busy each; the last line of each table is the same with one
thread. 300000 is libgomp's own bound. Nothing else should run on the machine.
"""

import argparse
import multiprocessing
import os
import pathlib
import subprocess
import tempfile
import time

BOUNDS = ("300000", "20000", "2000", "1000")


def burn():
    while True:
        pass


def training_seconds(options, threads, bound):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(
            [pathlib.Path(options.bin) / "sanas_eval", "--config", "quickstart", "--quiet",
             "--genotype", "DARTS_V2", "--out", pathlib.Path(folder) / "run", "--threads", str(threads),
             "--set", f"evaluation.max_steps={options.steps}", "--set", "evaluation.test_images=10",
             "--set", "dataset.workers=0"],
            env={**os.environ, "GOMP_SPINCOUNT": bound}, check=True, capture_output=True)
        return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    cores = os.cpu_count()
    for busy in options.busy:
        others = [multiprocessing.Process(target=burn, daemon=True) for _ in range(busy)]
        for other in others:
            other.start()
        print(f"{busy} busy processes on {cores} cores", flush=True)
        for threads, bound in [(cores, bound) for bound in BOUNDS] + [(1, BOUNDS[0])]:
            seconds = training_seconds(options, threads, bound)
            print(f"  {threads} threads, bound {bound:>6}: {seconds:6.1f} s", flush=True)
        for other in others:
            other.terminate()
            other.join()


if __name__ == "__main__":
    main()
