# SPDX-License-Identifier: Apache-2.0
"""The reference's DARTS and PC-DARTS against darts-family §13.2 and §13.3."""

import golden
from reference import counting, derivation, genotypes
from reference.architect import (
    Adam,
    Sgd,
    clip,
    first_order,
    gradients,
    loss_of,
    second_order,
    weights_of,
)
from reference.darts import Darts
from reference.fill import chk
from reference.pcdarts import PcDarts
from settings import TRAIN, VALIDATION, detached, fresh
from torch.nn import functional as F

ETA = 0.025
DIFFERENCE = 1e-10  # a difference of gradients loses the last digits to rounding


def chk_norm(gradient):
    return [value for g in gradient.values() for value in (chk(g), g.norm())]


def test_darts_forward_and_genotype():
    model, arch = fresh(Darts)
    parameters = list(model.parameters())
    assert (counting.parameters(model), len(parameters)) == (136182, 889)
    logits = model(TRAIN[0], arch)
    golden.check(
        logits[0],
        "0.1364607083 -0.4153125874 -0.7753179073 -0.7245931221 -0.2664845404 0.3619602261 "
        "0.8151299577 0.8330339954 0.3932035423 -0.2698595778",
    )
    golden.check([F.cross_entropy(logits, TRAIN[1])], "2.536075127475")
    genotype = derivation.derive_darts(detached(arch))
    assert genotype.normal == genotypes.pairs(
        "max@0 sep3@1 | avg@2 dil5@0 | sep5@0 max@1 | avg@1 sep5@2"
    )
    assert genotype.reduce == genotypes.pairs(
        "skip@1 skip@0 | dil3@1 skip@0 | dil5@3 sep3@2 | sep5@3 avg@1"
    )


def test_darts_first_order():
    model, arch = fresh(Darts)
    gradient = first_order(model, arch, VALIDATION)
    golden.check(
        chk_norm(gradient),
        "-1.821850332426e-1 1.028253413563 4.999653230800e-3 4.115978711515e-1",
    )
    normal = gradient["alphas_normal"].flatten()
    golden.check([normal[0], normal[-1]], "2.428587038375e-2 -9.131469746892e-2")
    Adam().step(arch, gradient)
    golden.check([chk(a) for a in arch.values()], "6.037732179645e-2 1.532884217833e-1")


def test_darts_second_order_without_momentum():
    model, arch = fresh(Darts)
    gradient = second_order(model, arch, TRAIN, VALIDATION, ETA)
    golden.check(
        chk_norm(gradient),
        "3.759364062592 31.40920781933 6.342870704325e-2 19.51602407168",
        DIFFERENCE,
    )
    golden.check([gradient["alphas_normal"][0, 0]], "9.041030181291e-1", DIFFERENCE)


def test_darts_second_order_with_momentum():
    model, arch = fresh(Darts)
    weights = weights_of(model)
    gradient = gradients(loss_of(model, weights, arch, TRAIN), weights)
    golden.check([clip(gradient)], "44.95101594907")
    sgd = Sgd(ETA)
    sgd.step(weights, gradient)
    golden.check(
        [chk(model.stem[0].weight), chk(model.classifier.weight)],
        "-1.931210863891e-1 -2.288229991755e-2",
    )
    gradient = second_order(model, arch, TRAIN, VALIDATION, ETA, sgd.buffers)
    golden.check(
        chk_norm(gradient),
        "5.330082815053e-1 7.218999384166 -4.051821600699e-2 3.694716505296",
        DIFFERENCE,
    )
    normal = gradient["alphas_normal"].flatten()
    golden.check([normal[0], normal[-1]], "-7.556706150588e-1 5.183806730798e-1", DIFFERENCE)
    Adam().step(arch, gradient)
    golden.check([chk(a) for a in arch.values()], "5.948089746336e-2 1.524113366099e-1")
    golden.check([loss_of(model, weights, arch, TRAIN)], "2.588254944655")
    # One update by the weight step, three by the architect, one by the last loss.
    assert model.stem[1].num_batches_tracked == 5
    golden.check(model.stem[1].running_mean[:2], "0.0050286833 0.0045138350")
    golden.check(model.stem[1].running_var[:2], "0.7342332683 0.7247220302")


def test_pcdarts():
    model, arch = fresh(PcDarts)
    assert counting.parameters(model) == 26430
    logits = model(TRAIN[0], arch)
    golden.check(logits[0, :3], "-0.1754679507 -0.5150071103 -0.5997512090")
    golden.check([F.cross_entropy(logits, TRAIN[1])], "2.722836413113")
    genotype = derivation.derive_darts(detached(arch))
    assert genotype.normal == genotypes.pairs(
        "sep3@1 max@0 | avg@2 dil3@1 | sep3@2 max@1 | avg@1 sep3@4"
    )
    assert genotype.reduce == genotypes.pairs(
        "skip@0 skip@1 | dil3@1 dil3@2 | sep3@2 max@1 | avg@1 sep5@4"
    )
    golden.check(
        chk_norm(first_order(model, arch, VALIDATION)),
        "-5.788389548120e-3 3.164319796374e-2 3.044027853957e-3 1.782643207469e-2 "
        "-1.054365257335e-3 6.504961218551e-2 -1.046754765604e-3 4.331989578488e-2",
    )


def test_pcdarts_second_order():
    model, arch = fresh(PcDarts)
    golden.check(
        chk_norm(second_order(model, arch, TRAIN, VALIDATION, ETA)),
        "-8.502029696695e-3 6.778853309042e-2 1.653336588341e-2 7.102670013854e-2 "
        "1.451087122498e-3 1.183834480031e-1 -8.953655212931e-3 1.849663346004e-1",
        DIFFERENCE,
    )


def test_pcdarts_second_order_with_momentum():
    model, arch = fresh(PcDarts)
    weights = weights_of(model)
    gradient = gradients(loss_of(model, weights, arch, TRAIN), weights)
    golden.check([clip(gradient)], "2.366156265272")
    sgd = Sgd(ETA)
    sgd.step(weights, gradient)
    golden.check(
        [chk(model.stem[0].weight), chk(model.classifier.weight)],
        "5.467674937778e-2 -2.198001506859e-2",
    )
    golden.check(
        chk_norm(second_order(model, arch, TRAIN, VALIDATION, ETA, sgd.buffers)),
        "1.127221219390e-2 8.337275444297e-2 2.734131916495e-3 4.478123852605e-2 "
        "1.070821209957e-2 1.114202682944e-1 -6.266719247929e-3 1.988232264409e-1",
        DIFFERENCE,
    )
