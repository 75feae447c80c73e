#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two figures about the hypergradient, from `sanas_probe hypergradient` on real images.

1. differences.svg: cosine and relative error between finite differences and the exact
   hypergradient against the radius r of the difference (α = r/‖v‖), per term, in single and double
   precision.
2. descent.svg: how well the predicted change of O(A) matches the true one along random moves of
   the size of an Adam step, for first order, differences of several radii, and exact, with 95 %
   bootstrap intervals of correlation and slope.

Both at the start of a search and after some epochs of it, for two batch sizes. The numbers go to
hypergradient.json beside the figures.

    scripts/figures/hypergradient.py --data DIR [--output docs/figures] [--bin build/release/bin]
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np
from safetensors.numpy import load_file, save_file

TERMS = ["d1", "d2", "I1", "I2", "I3", "I4"]
RADII = [10.0**k for k in range(-6, 1)]
DESCENT_RADII = [1e-1, 1e-2, 1e-3]
ADAM_STEP = 3e-4
# Small enough that some hundred hypergradients in double precision take minutes.
SIZES = ["supernet.channels=2", "supernet.cells=3", "supernet.nodes=2"]


def read_cifar(folder, count, offset):
    """Pixels in [0, 1] and labels of the binary CIFAR-100 training file."""
    path = next(pathlib.Path(folder).rglob("train.bin"))
    rows = np.fromfile(path, np.uint8, count=3074 * (offset + count)).reshape(-1, 3074)[offset:]
    return rows[:, 2:].reshape(-1, 3, 32, 32) / np.float32(255), rows[:, 1].astype(np.int64)


class Program:
    """The programs of the project, with the same sizes in every call."""

    def __init__(self, folder, work):
        self.folder, self.work = pathlib.Path(folder), pathlib.Path(work)

    def run(self, name, *arguments):
        command = [str(self.folder / name), *map(str, arguments)]
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # several calls run side by side
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=one_thread)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")

    def search(self, data, epochs, subset):
        """The checkpoint of a short search; with 64 images that is one step from its start."""
        out = self.work / f"search-{epochs}"
        settings = [*SIZES, f"search.epochs={epochs}", f"dataset.subset={subset}"]
        settings += ["search.batch_size=32", "search.validate_every=0", "dataset.workers=1"]
        flags = [flag for setting in settings for flag in ("--set", setting)]
        self.run("sanas_search", "--config", "cifar100_darts2nd", "--data", data, "--out", out,
                 "--quiet", *flags)
        return load_file(out / "checkpoints" / "last.safetensors")

    def hypergradient(self, state, dtype, *settings):
        flags = [flag for setting in [*SIZES, *settings] for flag in ("--set", setting)]
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            state_file, output = f"{folder}/state.safetensors", f"{folder}/out.safetensors"
            save_file(state, state_file)
            self.run("sanas_probe", "hypergradient", "--config", "cifar100_darts2nd", "--dtype",
                     dtype, "--state", state_file, "--out", output, *flags)
            return load_file(output)

    def hypergradients(self, calls):
        """The results of hypergradient(*call) for each call, as many at a time as there are cores."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(lambda call: self.hypergradient(*call), calls))


def state_of(checkpoint, data, batch):
    """What `sanas_probe hypergradient` reads: parameters, alphas, momentum and a batch."""
    keep = ("w1.", "w2.", "m1.", "m2.", "alphas_")
    no_buffer = lambda name: "running_" not in name and "num_batches" not in name
    state = {n: t for n, t in checkpoint.items() if n.startswith(keep) and no_buffer(n)}
    state["x_train"], state["y_train"] = read_cifar(data, batch, 0)
    state["x_val"], state["y_val"] = read_cifar(data, batch, 25000)
    random = np.random.default_rng(1)
    x = state["x_train"]
    start = random.uniform(-8 / 255, 8 / 255, x.shape).astype(np.float32)
    state["delta"] = np.clip(x + start, 0, 1) - x
    return state


def vector(output, prefix):
    return np.concatenate(
        [output[prefix + a].astype(np.float64).ravel() for a in ("alphas_normal", "alphas_reduce")]
    )


def objective(output):
    return float(output["loss.val2"]) + float(output["loss.val1"])


def compare_differences(program, state):
    """Per precision, radius and term: cosine and relative error against exact in double."""
    keys = [(dtype, radius) for dtype in ("float32", "float64") for radius in RADII]
    exact, *outputs = program.hypergradients(
        [(state, "float64", "hypergradient.approximation=exact")]
        + [(state, dtype, f"hypergradient.finite_difference_radius={radius:.6e}",
            "hypergradient.shared_passes=false") for dtype, radius in keys])
    result = {}
    for (dtype, radius), output in zip(keys, outputs):
        for name in [*(f"term.{t}." for t in TERMS[2:]), "grad."]:
            found, wanted = vector(output, name), vector(exact, name)
            length = np.linalg.norm(found) * np.linalg.norm(wanted)
            error = np.linalg.norm(found - wanted) / max(np.linalg.norm(wanted), 1e-300)
            key = f"{dtype}/{name.strip('.').replace('term.', '')}"
            result.setdefault(key, []).append(
                (radius, float(found @ wanted / max(length, 1e-300)), float(error)))
    return result


def interval(values):
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def descent_test(program, state, moves):
    """Predicted against true changes of O(A) along moves of ±3e-4 per variable."""
    methods = {
        "first order": ["hypergradient.order=first"],
        **{f"differences, r = {r:g}": [f"hypergradient.finite_difference_radius={r}"]
           for r in DESCENT_RADII},
        "exact": ["hypergradient.approximation=exact"],
    }
    outputs = program.hypergradients([(state, "float64", *s) for s in methods.values()])
    gradients = {name: vector(output, "grad.") for name, output in zip(methods, outputs)}
    random = np.random.default_rng(2)
    names = ("alphas_normal", "alphas_reduce")
    sizes = [state[name].size for name in names]
    directions = ADAM_STEP * random.choice([-1.0, 1.0], (moves, sum(sizes)))
    states = [state]
    for move in directions:
        parts = dict(zip(names, np.split(move, [sizes[0]])))
        states.append({**state, **{name: state[name].astype(np.float64)
                                   + part.reshape(state[name].shape)
                                   for name, part in parts.items()}})
    # V at W1'(A), W2'(A) does not depend on how its gradient would be taken: leave the terms out.
    no_terms = [f"hypergradient.terms.{term}=false"
                for term in ("weights1", "weights2", "delta_direct", "delta_weights1")]
    at_start, *true = [objective(output) for output in
                       program.hypergradients([(s, "float64", *no_terms) for s in states])]
    true = np.array(true) - at_start
    result = {}
    for name, gradient in gradients.items():
        predicted = directions @ gradient
        samples = [random.integers(0, moves, moves) for _ in range(2000)]
        slope = lambda i: np.polyfit(predicted[i], true[i], 1)[0]
        correlation = lambda i: np.corrcoef(predicted[i], true[i])[0, 1]
        everything = np.arange(moves)
        result[name] = {
            "correlation": float(correlation(everything)),
            "correlation_interval": interval([correlation(i) for i in samples]),
            "slope": float(slope(everything)),
            "slope_interval": interval([slope(i) for i in samples]),
        }
    return result


def draw_differences(results, path):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(results), figsize=(4 * len(results), 6), squeeze=False,
                                sharex=True)
    for column, (title, result) in enumerate(results.items()):
        for key, points in result["differences"].items():
            dtype, term = key.split("/")
            radius, cosine, error = zip(*points)
            color = f"C{(TERMS + ['grad']).index(term)}"
            style = {"float32": ":", "float64": "-"}[dtype]
            label = ("total" if term == "grad" else term) if dtype == "float64" else None
            axes[0, column].semilogx(radius, cosine, style, color=color, label=label)
            axes[1, column].loglog(radius, error, style, color=color)
        axes[0, column].set_title(title)
        axes[1, column].set_xlabel("r in α = r/‖v‖")
    axes[0, 0].set_ylabel("cosine with exact")
    axes[1, 0].set_ylabel("relative error")
    axes[0, 0].legend(title="double; dotted: single", fontsize=7)
    figure.tight_layout()
    figure.savefig(path)


def draw_descent(results, path):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(results), figsize=(4 * len(results), 6), squeeze=False,
                                sharex=True)
    for column, (title, result) in enumerate(results.items()):
        methods = list(result["descent"])
        for row, what in enumerate(("correlation", "slope")):
            for x, name in enumerate(methods):
                value = result["descent"][name][what]
                low, high = result["descent"][name][what + "_interval"]
                axes[row, column].errorbar(x, value, [[value - low], [high - value]], fmt="o",
                                           color="C0", capsize=3)
            axes[row, column].axhline(1, color="grey", linewidth=0.5)
        axes[0, column].set_title(title)
        axes[1, column].set_xticks(range(len(methods)), methods, rotation=60, ha="right")
    axes[0, 0].set_ylabel("correlation")
    axes[1, 0].set_ylabel("slope, true against predicted")
    figure.tight_layout()
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder with CIFAR-100 (binary)")
    parser.add_argument("--output", default="docs/figures")
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--subset", type=int, default=1000)
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64])
    options = parser.parse_args()
    output = pathlib.Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    results = {}
    with tempfile.TemporaryDirectory() as work:
        program = Program(options.bin, work)
        for title, epochs, subset in (("start", 1, 64), ("searched", options.epochs, options.subset)):
            checkpoint = program.search(options.data, epochs, subset)
            for batch in options.batches:
                state = state_of(checkpoint, options.data, batch)
                results[f"{title}, batch {batch}"] = {
                    "differences": compare_differences(program, state),
                    "descent": descent_test(program, state, options.moves),
                }
                (output / "hypergradient.json").write_text(json.dumps(results, indent=1))
                print(f"{title}, batch {batch}: done", flush=True)
    draw_differences(results, output / "differences.svg")
    draw_descent(results, output / "descent.svg")


if __name__ == "__main__":
    main()
