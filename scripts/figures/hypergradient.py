#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two figures about the hypergradient, from `sanas_probe hypergradient` on real images.

1. differences.svg: cosine and relative error between finite differences and the exact
   hypergradient against the radius r of the difference (α = r/‖v‖), per term, in single and double
   precision.
2. descent.svg: what O(A) really does along the signed gradient of each method and along random
   signs, for moves of 3e-4 to 1e-1 per variable, with the paper's attack and with one that has a
   derivative (`saliency: alive`), over several draws of images: means and 95 % intervals.

Both at the start of a search and after some epochs of it, the first for two batch sizes. The numbers go
to hypergradient.json and descent.json beside the figures.

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
MOVES = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]
NO_DELTA = ["hypergradient.terms.delta_direct=false", "hypergradient.terms.delta_weights1=false"]
EXACT = "hypergradient.approximation=exact"
ATTACKS = {"paper": ["saliency=paper"], "alive": ["saliency=alive"]}
METHODS = {
    "first order": ["hypergradient.order=first"],
    "differences": ["hypergradient.finite_difference_radius=0.1"],
    "exact, no path through δ": [EXACT, *NO_DELTA],
    "exact": [EXACT],
}
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


def state_of(checkpoint, data, batch, draw=0, attack="paper"):
    """What `sanas_probe hypergradient` reads: parameters, alphas, momentum, a batch, a start."""
    keep = ("w1.", "w2.", "m1.", "m2.", "alphas_")
    no_buffer = lambda name: "running_" not in name and "num_batches" not in name
    state = {n: t for n, t in checkpoint.items() if n.startswith(keep) and no_buffer(n)}
    state["x_train"], state["y_train"] = read_cifar(data, batch, draw * batch)
    state["x_val"], state["y_val"] = read_cifar(data, batch, 25000 + draw * batch)
    random = np.random.default_rng(1 + draw)
    x = state["x_train"]
    start = random.uniform(-8 / 255, 8 / 255, x.shape)
    if attack == "alive":  # uniform in a ball of radius 1/2
        start = random.standard_normal(x.shape)
        start *= 0.5 / np.sqrt((start**2).sum((1, 2, 3), keepdims=True))
    state["delta"] = (np.clip(x + start.astype(np.float32), 0, 1) - x).astype(np.float32)
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


def moved(state, direction):
    names = ("alphas_normal", "alphas_reduce")
    parts = np.split(direction, [state[names[0]].size])
    return {**state, **{name: state[name].astype(np.float64) + part.reshape(state[name].shape)
                        for name, part in zip(names, parts)}}


def descent_test(program, state, attack, draws):
    """Predicted and true changes of O(A) for moves against the signed gradient of each method, and
    the true ones along as many random directions of signs."""
    settings = ATTACKS[attack]
    outputs = program.hypergradients([(state, "float64", *settings, *m) for m in METHODS.values()])
    gradients = {name: vector(output, "grad.") for name, output in zip(METHODS, outputs)}
    random = np.random.default_rng(2)
    directions = {name: -np.sign(gradient) for name, gradient in gradients.items()}
    size = next(iter(gradients.values())).size
    directions |= {f"random {k}": random.choice([-1.0, 1.0], size) for k in range(draws)}
    moves = [(name, size) for name in directions for size in MOVES]
    # V at W1'(A), W2'(A) does not depend on how its gradient would be taken: leave the terms out.
    no_terms = ["hypergradient.terms.weights1=false", "hypergradient.terms.weights2=false", *NO_DELTA]
    at_start, *true = [objective(output) for output in program.hypergradients(
        [(state, "float64", *settings, *no_terms)]
        + [(moved(state, size * directions[name]), "float64", *settings, *no_terms)
           for name, size in moves])]
    result = {}
    for (name, size), value in zip(moves, true):
        row = {"move": size, "true": value - at_start}
        if name in gradients:
            row["predicted"] = -size * float(np.abs(gradients[name]).sum())
        result.setdefault(name.split(" ")[0] if name.startswith("random") else name, []).append(row)
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


def summary(tests, method, size):
    """Mean true change, its 95 % interval (normal), and the mean prediction, over all tests."""
    rows = [row for test in tests for row in test[method] if row["move"] == size]
    true = np.array([row["true"] for row in rows])
    reach = 1.96 * true.std(ddof=1) / np.sqrt(len(true)) if len(true) > 1 else np.nan
    predicted = np.mean([row["predicted"] for row in rows]) if "predicted" in rows[0] else np.nan
    return float(true.mean()), float(reach), float(predicted)


def draw_descent(results, path):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(results), figsize=(5 * len(results), 4), squeeze=False,
                                sharey=True)
    for axis, (title, tests) in zip(axes[0], results.items()):
        for number, method in enumerate([*METHODS, "random"]):
            means, reaches, predicted = zip(*(summary(tests, method, size) for size in MOVES))
            color = "grey" if method == "random" else f"C{number}"
            axis.errorbar(MOVES, means, reaches, fmt="o-", color=color, capsize=3, label=method)
            axis.plot(MOVES, predicted, ":", color=color)
        axis.set_xscale("log")
        axis.set_yscale("symlog", linthresh=1e-3)
        axis.axhline(0, color="black", linewidth=0.5)
        axis.set_title(title)
        axis.set_xlabel("move of each variable")
    axes[0, 0].set_ylabel("change of O(A); dotted: predicted")
    axes[0, 0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path)


def descents(program, checkpoints, options):
    """Test by test, kept in descent.json: what stands there is not done again."""
    file = pathlib.Path(options.output) / "descent.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    for title, checkpoint in checkpoints.items():
        for attack in ATTACKS:
            tests = results.setdefault(f"{title}, {attack}", [])
            for draw in range(len(tests), options.draws):
                state = state_of(checkpoint, options.data, 16, draw, attack)
                tests.append(descent_test(program, state, attack, options.directions))
                file.write_text(json.dumps(results, indent=1) + "\n")
                print(f"{title}, {attack}, draw {draw}: done", flush=True)
    return results


def print_descent(results):
    for title, tests in results.items():
        print(f"\n{title}: change of O(A), true (predicted)")
        for method in [*METHODS, "random"]:
            cells = []
            for size in MOVES:
                mean, reach, predicted = summary(tests, method, size)
                cells.append(f"{mean:+.1e} ± {reach:.0e}"
                             + ("" if np.isnan(predicted) else f" ({predicted:+.1e})"))
            print(f"  {method:<26}" + "  ".join(cell.ljust(30) for cell in cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder with CIFAR-100 (binary)")
    parser.add_argument("--output", default="docs/figures")
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--subset", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=5, help="of images, for the descent test")
    parser.add_argument("--directions", type=int, default=10, help="random ones of each")
    parser.add_argument("--only", choices=["differences", "descent"], help="one of the figures")
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64])
    options = parser.parse_args()
    output = pathlib.Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        program = Program(options.bin, work)
        checkpoints = {title: program.search(options.data, epochs, subset) for title, epochs, subset in
                       (("start", 1, 64), ("searched", options.epochs, options.subset))}
        if options.only != "descent":
            results = {}
            for title, checkpoint in checkpoints.items():
                for batch in options.batches:
                    state = state_of(checkpoint, options.data, batch)
                    results[f"{title}, batch {batch}"] = {
                        "differences": compare_differences(program, state)}
                    (output / "hypergradient.json").write_text(json.dumps(results, indent=1))
                    print(f"{title}, batch {batch}: done", flush=True)
            draw_differences(results, output / "differences.svg")
        if options.only != "differences":
            results = descents(program, checkpoints, options)
            print_descent(results)
            draw_descent(results, output / "descent.svg")


if __name__ == "__main__":
    main()
