#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seconds and memory of searching and training here, on the fused kernels and composed, and in PyTorch,
NCHW and channels last: the same networks (tests/python/reference) with the same weights on the same
images, in turn on one machine.

    scripts/benchmarks/kernels.py [--bin build/release/bin] [--threads 2] [--rounds 3] [--only a,b]

a  forward and backward pass of the DARTS search network    e  training step of DARTS_V2
b  attack of 7 steps on it                                  f  inference with it
c  architecture steps of SANAS and DARTS                    g  as a, of P-, PR- and PC-DARTS
d  15 mini-batches of SANAS in the 5/3/1 schedule beside as many of DARTS, summed up from b, c and steps
   of the weights

Prints a Markdown table of medians, what part of the processor's arithmetic (a) reaches, and whether all
sides come to the same losses. Nothing else should run on the machine.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile

import torch
from pytorch_passes import FAMILIES, make_network
from safetensors.torch import save_file

SIDES = {"kernels": "kernels", "composed": "composed", "nchw": "PyTorch NCHW",
         "channels_last": "PyTorch channels last"}
CELLS = {"darts": 8, "pdarts": 5, "prdarts": 6, "pcdarts": 8}
TOLERANCE = 1e-4  # of losses, as in the parity tests
ATTACKED = 5e-3  # of losses behind an attack: rounding decides on signs of gradients near zero
HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass
class Case:
    part: str
    title: str
    what: str
    network: str = "darts"
    pytorch: str = ""  # what pytorch_passes.py calls it, if not the same; none: not there
    method: str = "sanas"
    approximation: str = "finite_difference"


CASES = [
    Case("a", "search network, forward and backward", "forward-backward"),
    Case("b", "attack of 7 steps", "attack"),
    Case("c", "SANAS step, exact", "architecture-step", pytorch="none", approximation="exact"),
    Case("c", "SANAS step, differences", "architecture-step", pytorch="sanas-step"),
    Case("c", "DARTS step, second order", "architecture-step", pytorch="darts-step", method="plain"),
    Case("d", "step of the search network's weights", "training-step"),
    Case("e", "DARTS_V2, training step", "training-step", "DARTS_V2"),
    Case("f", "DARTS_V2, inference", "inference", "DARTS_V2"),
    Case("g", "P-DARTS, forward and backward", "forward-backward", "pdarts"),
    Case("g", "PR-DARTS, forward and backward", "forward-backward", "prdarts"),
    Case("g", "PC-DARTS, forward and backward", "forward-backward", "pcdarts"),
]


class Bench:
    """Writes what both sides read, and runs them."""

    def __init__(self, options, folder):
        self.options, self.folder = options, pathlib.Path(folder)

    def sizes(self, network):
        """Channels, cells and images of a mini-batch."""
        o = self.options
        if network in FAMILIES:
            return o.channels, o.cells or CELLS[network], o.batch
        return o.discrete_channels, o.discrete_cells, o.discrete_batch

    def write_network(self, name):
        """Weights, architecture and input of a network, once."""
        weights, inputs = (self.folder / f"{name}.{what}.safetensors" for what in ("weights", "input"))
        if weights.exists():
            return weights, inputs
        torch.manual_seed(0)
        channels, cells, count = self.sizes(name)
        side = self.options.image_size
        model = make_network(name, channels, cells, auxiliary=side == 32)  # the head takes no other
        tensors = dict(model.state_dict())
        for arch in getattr(model, "arch_names", ()):
            tensors[arch] = 0.1 * torch.randn((14, 8) if arch.startswith("alphas") else 14)
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, weights)
        images = {key: torch.rand(count, 3, side, side) for key in ("x", "x_val")}
        labels = {key: torch.randint(0, 10, (count,)) for key in ("y", "y_val")}
        reach = torch.minimum(images["x"], 1 - images["x"]).clamp(max=8 / 255)
        delta = (2 * torch.rand_like(images["x"]) - 1) * reach
        save_file({**images, **labels, "delta": delta, **(gates() if name == "prdarts" else {})}, inputs)
        return weights, inputs

    def write_config(self, case):
        channels, cells, _ = self.sizes(case.network)
        path = self.folder / f"{case.network}-{case.method}-{case.approximation}.yaml"
        path.write_text(json.dumps({  # which is YAML
            "name": "benchmark", "method": case.method, "dataset": {"name": "cifar10"},
            "supernet": {"family": case.network, "channels": channels, "cells": cells},
            "search": {"weights": {"learning_rate": 0.025, "momentum": 0.9, "weight_decay": 3e-4,
                                   "gradient_clip": 5.0}},
            "hypergradient": {"order": "second", "approximation": case.approximation},
            "attack": {"steps": 7, "loss": "soft"}}))
        return path

    def command(self, case, side):
        weights, inputs = self.write_network(case.network)
        channels, cells, count = self.sizes(case.network)
        if side in ("kernels", "composed"):
            what = case.what
            program = [pathlib.Path(self.options.bin) / "sanas_probe", "time", "--kernels",
                       "auto" if side == "kernels" else "composed"]
            if case.network in FAMILIES:
                program += ["--config", self.write_config(case)]
            else:
                program += ["--genotype", case.network, "--channels", channels, "--cells", cells]
        else:
            what = case.pytorch or case.what
            program = [sys.executable, HERE / "pytorch_passes.py", "--layout", side, "--network",
                       case.network, "--channels", channels, "--cells", cells]
        parts = max(1, -(-count // self.options.part)) if case.part == "e" else 1
        return [*program, "--what", what, "--weights", weights, "--input", inputs, "--parts", parts,
                "--passes", self.options.passes, "--threads", self.options.threads]

    def peak(self):
        """The command for float32 operations per second of multiply-adds in registers."""
        return [pathlib.Path(self.options.bin) / "sanas_probe", "time", "--what", "peak",
                "--passes", 3, "--threads", self.options.threads]


def gates():
    """Random draws of PR-DARTS."""
    draws = {f"gates.uniform_{cell}": 0.02 + 0.96 * torch.rand(14, 8) for cell in ("normal", "reduce")}
    draws |= {f"gates.drop_{cell}": (torch.rand(14, 8) < 0.4).float() for cell in ("normal", "reduce")}
    return {**draws, "gates.permutation": torch.randperm(8), "gates.temperature": torch.tensor(1.0)}


def run(command):
    """What the program measured; None where it was killed, as for want of memory."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if result.returncode == -signal.SIGKILL:
        return None
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stderr}")
    return json.loads(result.stdout)


class Results:
    """All that was measured, one entry a run, kept in a file if there is one: what stands there is
    not measured again."""

    def __init__(self, file):
        self.file = pathlib.Path(file) if file else None
        self.runs = json.loads(self.file.read_text()) if file and self.file.exists() else {}

    def get(self, name, command):
        if name not in self.runs:
            self.runs[name] = run(command())
            result = self.runs[name] or {"seconds": "killed, perhaps for want of memory"}
            print(f"{name}: {result.get('seconds', 'measured')}", file=sys.stderr, flush=True)
            if self.file:
                self.file.write_text(json.dumps(self.runs, indent=1) + "\n")
        return self.runs[name]


def measure(bench, cases, results):
    """{(title, side): result}, of all rounds together, and the peak."""
    found, peaks = {}, []
    for turn in range(bench.options.rounds):
        peaks += results.get(f"peak, round {turn}", bench.peak)["flops"]
        for case in cases:
            for side in bench.options.sides.split(","):
                if case.pytorch == "none" and side in ("nchw", "channels_last"):
                    continue
                name = f"{case.part}: {case.title}, {SIDES[side]}, round {turn}"
                result = results.get(name, lambda: bench.command(case, side))
                if result is None:
                    continue
                known = found.setdefault((case.title, side), dict(result))
                if turn > 0:
                    known["seconds"] = known["seconds"] + result["seconds"]
                    known["peak_bytes"] = max(known["peak_bytes"], result["peak_bytes"])
    return found, statistics.median(peaks)


def row(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def ratio(a, b):
    return f"{a / b:.2f}" if a and b else ""


def seconds_of(found, title, side):
    result = found.get((title, side))
    return statistics.median(result["seconds"]) if result else None


def print_times(cases, found):
    row(["", "work", *(f"{name}, s" for name in SIDES.values()), "NCHW / kernels",
         "channels last / kernels"])
    row(["---"] * 8)
    for case in cases:
        times = {side: seconds_of(found, case.title, side) for side in SIDES}
        row([case.part, case.title, *(f"{s:.4g}" if s else "" for s in times.values()),
             ratio(times["nchw"], times["kernels"]), ratio(times["channels_last"], times["kernels"])])


def print_memory(cases, found):
    row(["", "peak memory, MiB (before the first pass)", *SIDES.values(), "kernels / NCHW",
         "kernels / channels last"])
    row(["---"] * 8)
    for case in cases:
        results = {side: found.get((case.title, side)) for side in SIDES}
        peaks = {side: r and r["peak_bytes"] for side, r in results.items()}
        row([case.part, case.title,
             *(f"{r['peak_bytes'] / 2**20:.0f} ({r['peak_bytes_before'] / 2**20:.0f})" if r else ""
               for r in results.values()),
             ratio(peaks["kernels"], peaks["nchw"]), ratio(peaks["kernels"], peaks["channels_last"])])


def print_schedule(found):
    """(d): of 15 mini-batches all update W1, 5 attack and update W2, 3 the architecture."""
    weights = "step of the search network's weights"
    ours = {}
    for step in ("exact", "differences"):
        parts = [seconds_of(found, title, "kernels")
                 for title in (weights, "attack of 7 steps", f"SANAS step, {step}")]
        ours[step] = 15 * parts[0] + 5 * (parts[1] + parts[0]) + 3 * parts[2]
    row(["d", "15 mini-batches: SANAS 5/3/1 against DARTS second order 1/1", "DARTS, s",
         *(f"DARTS / SANAS {step} on kernels" for step in ours)])
    row(["---"] * 5)
    for side, name in SIDES.items():
        if (weights, side) not in found:
            continue
        darts = 15 * (seconds_of(found, weights, side)
                      + seconds_of(found, "DARTS step, second order", side))
        row(["d", name, f"{darts:.4g}", *(ratio(darts, seconds) for seconds in ours.values())])
    print("\nSANAS on kernels: " + ", ".join(f"{step} {s:.4g} s" for step, s in ours.items()))


def print_peak(bench, found, peak):
    result = found[CASES[0].title, "kernels"]
    _, _, count = bench.sizes("darts")
    # Two operations each; the gradients of input and weights take as many as the forward pass each.
    done = 3 * 2 * result["macs_per_image"] * count / statistics.median(result["seconds"])
    print(f"\n(a) does {done / 1e9:.3g} of the {peak / 1e9:.3g} GFLOP/s that multiply-adds in registers "
          f"reach ({result['kernels']}, {result['threads']} threads): {100 * done / peak:.0f} %")


def differing_losses(cases, found):
    """One line for each side whose first loss is not that of the others."""
    lines = []
    for case in cases:
        losses = {side: found[case.title, side]["loss"] for side in SIDES if (case.title, side) in found}
        tolerance = ATTACKED if case.what == "attack" else TOLERANCE
        # In turn: NaN is near nothing.
        expected = losses.get("nchw") or losses.get("composed") or next(iter(losses.values()), 0.0)
        lines += [f"{case.title}: loss {loss:.7g} of {SIDES[side]}, expected {expected:.7g}"
                  for side, loss in losses.items()
                  if not abs(loss - expected) <= tolerance * max(1.0, abs(expected))]
    return lines


def parse_options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3, help="every side runs once in each [3]")
    parser.add_argument("--passes", type=int, default=1, help="timed in each run, after one more [1]")
    parser.add_argument("--only", default="a,b,c,d,e,f,g", help="parts, separated by commas [all]")
    parser.add_argument("--sides", default=",".join(SIDES),
                        help="whom to time [all; an exact step of composed operators takes ten minutes]")
    parser.add_argument("--results", help="JSON file to which each run is added; what it holds is not run again")
    parser.add_argument("--image-size", type=int, default=32)
    parser.add_argument("--channels", type=int, default=16, help="of search networks [16]")
    parser.add_argument("--cells", type=int, default=0, help="of search networks [8, of P-DARTS 5, PR-DARTS 6]")
    parser.add_argument("--batch", type=int, default=32, help="of search networks [32]")
    parser.add_argument("--discrete-channels", type=int, default=36)
    parser.add_argument("--discrete-cells", type=int, default=20)
    parser.add_argument("--discrete-batch", type=int, default=32, help="of e and f [32; papers: 96]")
    parser.add_argument("--part", type=int, default=16, help="images of e at a time [16]")
    return parser.parse_args()


def main():
    options = parse_options()
    parts = set(options.only.split(","))
    if unknown := parts - set("abcdefg"):
        sys.exit(f"--only: there is no part {', '.join(sorted(unknown))}; expected some of a,b,c,d,e,f,g")
    if "d" in parts:
        parts |= {"b", "c"}
    if unknown := set(options.sides.split(",")) - set(SIDES):
        sys.exit(f"--sides: there is no {', '.join(sorted(unknown))}; expected some of {', '.join(SIDES)}")
    cases = [case for case in CASES if case.part in parts]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        found, peak = measure(bench, cases, Results(options.results))
        print_times(cases, found)
        print()
        print_memory(cases, found)
        if "d" in parts:
            print()
            print_schedule(found)
        if "a" in parts:
            print_peak(bench, found, peak)
    wrong = differing_losses(cases, found)
    print("\n" + ("\n".join(wrong) if wrong else f"All losses agree to {TOLERANCE:g}."))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
