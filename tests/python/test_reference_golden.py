# SPDX-License-Identifier: Apache-2.0
"""The reference networks against the golden numbers of darts-family §13.1 and §13.4–§13.7."""

import math

import golden
import pytest
import torch
from reference import counting, derivation, genotypes, prdarts
from reference.architect import gradients, norm, weights_of
from reference.discrete import DiscreteNetwork
from reference.fill import chk, fill_parameters, input_wave
from reference.operations import (
    FactorizedReduce,
    ReLUConvBN,
    make_candidate,
    make_operation,
)
from reference.pdarts import ALL_ON, PDarts, switches_from_digits
from settings import TRAIN, detached, golden_arch
from torch.nn import functional as F

# §13.1 -----------------------------------------------------------------------------------------


def build_operation(name, stride):
    if name == "ReLUConvBN":
        return ReLUConvBN(4, 6, affine=False)
    if name == "ReLUConvBN affine":
        return ReLUConvBN(4, 6)
    if name == "FactorizedReduce":
        return FactorizedReduce(4, 6, affine=False)
    if name.endswith("+BN"):
        return make_candidate(name.replace("+BN", "_3x3"), 4, stride)
    return make_operation(name, 4, stride, affine=False)


@pytest.mark.parametrize("name, stride", golden.OPERATIONS)
def test_operation(name, stride):
    x = input_wave((2, 4, 8, 8))
    op = fill_parameters(build_operation(name, stride)).train()
    y = op(x).detach()
    flat = y.flatten()
    count = counting.parameters(op)
    golden.check(
        [chk(y), (y * y).sum(), flat[0], flat[-1], count], golden.OPERATIONS[name, stride]
    )


def test_operation_input():
    x = input_wave((2, 4, 8, 8))
    golden.check([x.sum(), (x * x).sum()], "-15.398491207974 320.834173767641")


def test_running_statistics_after_one_pass():
    op = fill_parameters(ReLUConvBN(4, 6)).train()
    op(input_wave((2, 4, 8, 8)))
    golden.check(op.op[2].running_mean[:3], "0.04033001481 -0.04186671880 0.03856550075")
    golden.check(op.op[2].running_var[:3], "0.91416490376 0.91129722981 0.90981131613")


# §13.4 and §13.6 -------------------------------------------------------------------------------


def chk_norm(gradient):
    return [value for g in gradient.values() for value in (chk(g), g.norm())]


def pdarts_alpha(stage, cell, switches):
    return torch.tensor(
        [
            [
                0.5 * math.sin(1.7 * (8 * e + j) + 0.9 * stage + 2.0 * cell)
                + (0.6 if j == 3 and cell == 0 else 0.0)
                for j in range(8)
                if switches[e][j]
            ]
            for e in range(14)
        ]
    )


def test_pdarts_stage_two_network():
    normal, reduce = (switches_from_digits(text) for text in golden.PDARTS_STAGES[0])
    model = fill_parameters(PDarts(4, 10, 5, normal, reduce)).train()
    arch = {
        "alphas_normal": pdarts_alpha(1, 0, normal).requires_grad_(),
        "alphas_reduce": pdarts_alpha(1, 1, reduce).requires_grad_(),
    }
    assert counting.parameters(model) + sum(a.numel() for a in arch.values()) == 81262
    logits = model(TRAIN[0], arch)
    loss = F.cross_entropy(logits, TRAIN[1])
    golden.check(logits[0, :3], "0.5932979367 1.0239438888 0.8832743268")
    golden.check([loss], "1.822080241401")
    golden.check(
        chk_norm(gradients(loss, arch)), "1.0335778409e-1 1.8150447171 1.1854573491e-1 1.5366673590"
    )


def drop_stages(alpha):
    """The switches after each stage of one cell, `alpha(stage, switches)`; the last one on top."""
    switches, result = ALL_ON, []
    for stage, count in enumerate((3, 2, 2)):
        weights = derivation.edge_weights(alpha(stage, switches))
        result.append(switches)
        switches = derivation.drop_operations(weights, switches, count, last=stage == 2)
    return result + [switches]


@pytest.mark.parametrize("cell", (0, 1))
def test_pdarts_drops(cell):
    stages = drop_stages(lambda stage, switches: pdarts_alpha(stage, cell, switches))[1:]
    assert stages == [switches_from_digits(texts[cell]) for texts in golden.PDARTS_STAGES]


def test_pdarts_final_choice():
    normal, reduce = (switches_from_digits(text) for text in golden.PDARTS_STAGES[1])
    arch = {
        "alphas_normal": pdarts_alpha(2, 0, normal),
        "alphas_reduce": pdarts_alpha(2, 1, reduce),
    }
    for skips in range(8, -1, -1):
        genotype = derivation.derive_pdarts(arch, normal, reduce, skips)
        assert genotype.normal == genotypes.pairs(golden.PDARTS_NORMAL_BY_SKIPS[min(skips, 7)])
        assert genotype.reduce == genotypes.pairs(golden.PDARTS_REDUCE)


def test_pdarts_ties_drop_the_lowest_operation_and_keep_the_highest_edge():
    *_, switches, _ = drop_stages(lambda stage, switches: torch.zeros(14, sum(switches[0])))
    zeros = torch.zeros(14, 3)
    arch = {"alphas_normal": zeros, "alphas_reduce": zeros}
    genotype = derivation.derive_pdarts(arch, switches, switches)
    assert genotype.normal == genotypes.pairs(
        "dil5@0 dil5@1 | dil5@1 dil5@2 | dil5@2 dil5@3 | dil5@3 dil5@4"
    )


# §13.5 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", golden.DISCRETE)
def test_discrete_network(name):
    parameters, train, loss_and_eval, _, _ = golden.DISCRETE[name]
    model = fill_parameters(DiscreteNetwork(genotypes.preset(name), 4, 10, 5)).train()
    assert counting.parameters(model, auxiliary=True) == parameters
    x = input_wave((2, 3, 32, 32))
    logits, auxiliary = model(x)
    loss = F.cross_entropy(logits, TRAIN[1]) + 0.4 * F.cross_entropy(auxiliary, TRAIN[1])
    golden.check([*logits[0, :3], *auxiliary[0, :3]], train)
    gradient = gradients(loss, weights_of(model))
    model.eval()
    golden.check([loss, norm(gradient), *model(x)[0][0, :3]], loss_and_eval)


@pytest.mark.parametrize("name", golden.DISCRETE)
def test_discrete_network_imagenet(name):
    *_, parameters, logits = golden.DISCRETE[name]
    model = DiscreteNetwork(
        genotypes.preset(name),
        4,
        10,
        5,
        imagenet=True,
        second_auxiliary_norm=name in genotypes.SECOND_AUXILIARY_NORM,
    )
    fill_parameters(model).train()
    assert counting.parameters(model, auxiliary=True) == parameters
    golden.check(model(input_wave((2, 3, 224, 224)))[0][0, :3], logits)


def test_genotype_text_survives_parsing():
    for genotype in genotypes.PRESETS.values():
        assert genotypes.parse(str(genotype)) == genotype
    old = str(genotypes.preset("DARTS")).replace("range(2, 6)", "[2,3,4,5]").replace(", ", ",")
    assert genotypes.parse(old) == genotypes.preset("DARTS_V2")


# §13.7 -----------------------------------------------------------------------------------------


def rows_mask(other):
    mask = torch.zeros(14, 8)
    for e in range(14):
        mask[e, [e % 8, other(e) % 8]] = 1.0
    return mask


@pytest.mark.parametrize(
    "temperature, value, norms",
    [
        (10.0, "0.011000000000", None),
        (1.0, "0.010499780216", "3.3504173467e-4 3.6252861236e-4"),
        (0.5, "0.009118550158", "6.3478677329e-4 6.6291312707e-4"),
        (0.1, "0.006371510281", "7.1407402083e-4 7.8365926725e-4"),
    ],
)
def test_prdarts_regulariser(temperature, value, norms):
    arch = golden_arch(prdarts.PrDarts)
    masks = (rows_mask(lambda e: 3 * e + 1), rows_mask(lambda e: 5 * e + 3))
    r = prdarts.regulariser(arch, masks, temperature)
    golden.check([r], value)
    found = [float(g.norm()) for g in gradients(r, arch).values()]
    if norms is None:
        assert max(found) < 1e-12
    else:
        golden.check(found, norms)


def scripted_noise():
    i = torch.arange(1.0, 113.0)
    uniform = [(0.5 + 0.49 * torch.sin(2.3 * i + c)).reshape(14, 8) for c in (1, 2)]
    drop = [(torch.sin(5.1 * i + c) < -0.3).double().reshape(14, 8) for c in (1, 2)]
    return prdarts.GateNoise(*uniform, *drop, torch.tensor([3, 0, 6, 1, 7, 4, 2, 5]))


@pytest.mark.parametrize(
    "temperature, normal, reduce, values, alpha_gradients",
    [
        (
            1.0,
            "45 25 05 05 35 06 34 16 34 16 24 17 24 27",
            "45 27 05 27 05 23 03 36 03 36 34 16 34 17",
            "1.0195893608 0.0635081320 -0.9874484336 3.521567636054 0.010558986610",
            "8.3839570036e-1 3.6508488640e-1 2.5679179594e-1",
        ),
        (
            0.1,
            "45 57 05 05 35 05 34 01 34 67 24 27 24 57",
            "45 27 05 27 05 23 05 36 03 13 34 67 34 27",
            "1.1857932362 0.2221877412 -0.9366106704 3.304826890192 0.006676646673",
            "1.5904490609 1.3969578107 2.2241119850e-1",
        ),
    ],
)
def test_prdarts_forward(temperature, normal, reduce, values, alpha_gradients):
    model = fill_parameters(prdarts.PrDarts(4, 10)).train()
    assert counting.parameters(model) == 143510
    arch = golden_arch(prdarts.PrDarts)
    model.noise, model.temperature = scripted_noise(), temperature
    gates = model.sample(arch)
    masks = [gates[kind][0] for kind in ("normal", "reduce")]
    for mask, text in zip(masks, (normal, reduce)):
        assert " ".join("".join(str(k) for k in range(8) if row[k]) for row in mask) == text
    logits = model(TRAIN[0], arch)
    cross_entropy = F.cross_entropy(logits, TRAIN[1])
    r = prdarts.regulariser(arch, masks, temperature)
    golden.check([*logits[0, :3], cross_entropy, r], values)
    g = list(gradients(cross_entropy + r, arch).values())
    golden.check([g[0].norm(), chk(g[0]), g[1].norm()], alpha_gradients)


def test_prdarts_derivation():
    genotype = derivation.derive_prdarts(detached(golden_arch(prdarts.PrDarts)))
    assert genotype.normal == genotypes.pairs(
        "skip@0 dil3@1 | sep3@2 avg@2 | dil5@0 skip@1 | sep3@1 dil5@2"
    )
    assert genotype.reduce == genotypes.pairs(
        "sep5@1 sep5@0 | avg@1 sep5@0 | max@3 dil3@2 | dil5@3 sep3@1"
    )
