#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `sanas_probe time` does, by PyTorch: the same passes of the networks in tests/python/reference,
with the same files and the same JSON. kernels.py runs both."""

import argparse
import json
import pathlib
import sys
import time

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "python"))
from reference import architect, attack, genotypes, hypergradient, network, prdarts  # noqa: E402
from reference.darts import Darts  # noqa: E402
from reference.discrete import DiscreteNetwork  # noqa: E402
from reference.pcdarts import PcDarts  # noqa: E402
from reference.pdarts import PDarts  # noqa: E402

FAMILIES = {"darts": Darts, "pcdarts": PcDarts, "pdarts": PDarts, "prdarts": prdarts.PrDarts}
CLASSES = 10
RATE, MOMENTUM, DECAY, CLIP = 0.025, 0.9, 3e-4, 5.0


def make_network(name, channels, cells, auxiliary):
    """A search network by its family, or the discrete network of a genotype."""
    if name in FAMILIES:
        return FAMILIES[name](channels, CLASSES, cells)
    return DiscreteNetwork(genotypes.preset(name), channels, CLASSES, cells, auxiliary=auxiliary)


class Passes:
    """A network with weights and images; each method but `loss` prepares a pass and returns it.
    A pass returns its loss, mean over the images."""

    def __init__(self, options, weights, tensors):
        layout = torch.channels_last if options.layout == "channels_last" else torch.contiguous_format
        self.parts = options.parts
        auxiliary = any(name.startswith("auxiliary_head.") for name in weights)
        self.model = make_network(options.network, options.channels, options.cells, auxiliary)
        self.arch = {n: t.requires_grad_() for n, t in weights.items() if n.startswith(("alphas", "betas"))}
        self.model.load_state_dict({n: t for n, t in weights.items() if n not in self.arch})
        self.model.to(memory_format=layout).train()
        if "gates.temperature" in tensors:
            self.model.temperature = float(tensors["gates.temperature"])
            self.model.noise = prdarts.GateNoise(
                **{name.removeprefix("gates."): tensor for name, tensor in tensors.items()
                   if name.startswith("gates.") and name != "gates.temperature"})
        images = {n: tensors[n].contiguous(memory_format=layout) for n in ("x", "x_val", "delta")}
        self.x, self.delta = images["x"], images["delta"]
        self.batches = network.Batches(self.x, tensors["y"], images["x_val"], tensors["y_val"])

    def loss(self, x, y):
        if self.arch:
            return F.cross_entropy(self.model(x, self.arch), y)
        logits, auxiliary = self.model(x)
        loss = F.cross_entropy(logits, y)
        return loss if auxiliary is None else loss + 0.4 * F.cross_entropy(auxiliary, y)

    def forward_backward(self):
        inputs = [*self.model.parameters(), *self.arch.values()]

        def run():
            loss = self.loss(self.x, self.batches.y_train)
            torch.autograd.grad(loss, inputs, allow_unused=True)
            return float(loss.detach())

        return run

    def inference(self):
        self.model.eval()

        def run():
            with torch.no_grad():
                return float(self.loss(self.x, self.batches.y_train))

        return run

    def training_step(self):
        weights = list(self.model.parameters())
        optimizer = torch.optim.SGD(weights, RATE, MOMENTUM, weight_decay=DECAY)
        for tensor in self.arch.values():
            tensor.requires_grad_(False)
        # The cuts of sanas_probe: batch norms see a part at a time.
        bounds = [part * len(self.x) // self.parts for part in range(self.parts + 1)]

        def run():
            optimizer.zero_grad()
            total = 0.0
            for begin, end in zip(bounds, bounds[1:]):
                loss = self.loss(self.x[begin:end], self.batches.y_train[begin:end])
                loss = loss * ((end - begin) / len(self.x))
                loss.backward()
                total += float(loss.detach())
            torch.nn.utils.clip_grad_norm_(weights, CLIP)
            optimizer.step()
            return total

        return run

    def frozen(self):
        """f(x, weights, arch) with batch statistics, and W without history."""
        weights = {name: w.detach() for name, w in self.model.named_parameters()}
        return network.classifier(self.model, None, self.x), weights

    def attack(self):
        f, weights = self.frozen()
        arch = {name: a.detach() for name, a in self.arch.items()}
        clean = lambda x: f(x, weights, arch)  # noqa: E731
        found = {}

        def run():
            found["delta"] = attack.pgd(clean, self.x, self.batches.y_train, self.delta)

        def loss():
            with torch.no_grad():
                value = attack.attack_loss(
                    clean(self.x + found["delta"]), clean(self.x), self.batches.y_train)
            return float(value) / len(self.x)

        run.loss = loss
        return run

    def darts_step(self):
        """DARTS' own architecture step, second order by differences."""
        b, found = self.batches, {}

        def run():
            found["gradient"] = architect.second_order(
                self.model, self.arch, (b.x_train, b.y_train), (b.x_val, b.y_val), RATE, decay=DECAY)

        def loss():  # of the validation batch at the weights after the virtual step
            f, _ = self.frozen()
            weights = architect.weights_of(self.model)
            train = F.cross_entropy(f(b.x_train, weights, self.arch), b.y_train)
            gradient = architect.gradients(train, weights)
            moved = {n: w.detach() - RATE * (gradient[n] + DECAY * w.detach()) for n, w in weights.items()}
            with torch.no_grad():
                return float(F.cross_entropy(f(b.x_val, moved, self.arch), b.y_val))

        run.loss = loss
        return run

    def sanas_step(self):
        """The four levels by differences, the attack by PGD; I1 and I4 by two products."""
        f, weights = self.frozen()
        b = self.batches
        objectives = network.objectives(f, b)
        steps = [hypergradient.VirtualStep(RATE, MOMENTUM, DECAY) for _ in range(2)]

        def run():
            point = hypergradient.Point(
                weights, weights, self.arch, self.delta, *steps, delta_step_size=2 / 255)
            updated = hypergradient.virtual_weights1(objectives, point)
            arch = {name: a.detach() for name, a in self.arch.items()}
            point.delta_updated = attack.pgd(
                lambda x: f(x, updated, arch), b.x_train, b.y_train, self.delta)
            result = hypergradient.finite_difference(objectives, point, shared=False)
            return result.losses["val2"]

        return run


def peak_resident_bytes():
    """VmHWM."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", required=True)
    parser.add_argument("--network", required=True, help="darts, pcdarts, pdarts, prdarts, or a genotype")
    parser.add_argument("--channels", type=int, required=True)
    parser.add_argument("--cells", type=int, required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--layout", choices=["nchw", "channels_last"], default="nchw")
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    passes = Passes(options, load_file(options.weights), load_file(options.input))
    run = getattr(passes, options.what.replace("-", "_"))()
    before = peak_resident_bytes()
    loss = run()
    seconds = []
    for _ in range(options.passes):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    peak = peak_resident_bytes()
    if hasattr(run, "loss"):
        loss = run.loss()
    print(json.dumps({"seconds": seconds, "peak_bytes": peak, "peak_bytes_before": before, "loss": loss}))


if __name__ == "__main__":
    main()
