# SPDX-License-Identifier: Apache-2.0
"""The reference's counts and schedules against darts-family §11 and §12."""

import golden
import pytest
import torch
from reference import counting, genotypes, prdarts, schedules
from reference.darts import Darts
from reference.discrete import DiscreteNetwork
from reference.pcdarts import PcDarts
from reference.pdarts import PDarts


def zeros(tensor, *_, **__):
    return tensor.detach().zero_()


@pytest.fixture(autouse=True)
def no_initialisation(monkeypatch):
    """Counting needs no random weights, which would take most of the time."""
    monkeypatch.setattr(torch.nn.init, "kaiming_uniform_", zeros)


# §11 -------------------------------------------------------------------------------------------


def size(genotype, channels, classes, layers, imagenet=False, second_norm=False):
    """(parameters, auxiliary parameters, model) of a discrete network."""
    model = DiscreteNetwork(genotype, channels, classes, layers, imagenet, True, second_norm)
    plain = counting.parameters(model)
    return plain, counting.parameters(model, auxiliary=True) - plain, model


def macs(model, side, *arguments, rule="plain"):
    model.float()
    return counting.macs(model, torch.zeros(1, 3, side, side).float(), *arguments, rule=rule)


@pytest.mark.parametrize("name", golden.SIZES)
def test_sizes(name):
    genotype = genotypes.preset(name)
    cifar10, cifar100, cifar_macs, imagenet, imagenet_macs = golden.SIZES[name]
    parameters, auxiliary, model = size(genotype, 36, 10, 20)
    narrow = name in ("NASNet", "AmoebaNet")
    assert (parameters, auxiliary) == (cifar10, 457994 if narrow else 476426)
    assert macs(model, 32) == cifar_macs
    parameters, auxiliary, model = size(genotype, 36, 100, 20)
    assert (parameters, auxiliary) == (cifar100, 527204 if narrow else 545636)
    extra = {"NASNet": 64800, "AmoebaNet": 38880}.get(name, 51840)
    assert macs(model, 32) == cifar_macs + extra
    parameters, auxiliary, model = size(genotype, 48, 1000, 14, imagenet=True)
    assert (parameters, auxiliary) == (imagenet, 1236200 if narrow else 1260776)
    assert macs(model, 224) == imagenet_macs
    _, auxiliary, _ = size(genotype, 48, 1000, 14, imagenet=True, second_norm=True)
    assert auxiliary == (1237736 if narrow else 1262312)


def test_sizes_against_the_papers():
    assert size(genotypes.preset("PDARTS"), 64, 10, 20)[0] == 10521802
    millions = {"PDARTS": 557.12, "PC_DARTS_cifar": 585.95, "PC_DARTS_image": 597.06}
    for name, value in millions.items():
        model = size(genotypes.preset(name), 48, 1000, 14, imagenet=True)[2]
        assert round(macs(model, 224, rule="paper") / 1e6, 2) == value
    wide = size(genotypes.preset("DARTS_V2"), 50, 1000, 14, imagenet=True)[2]
    assert round(macs(wide, 224) / 1e6, 2) == 573.47


def test_sizes_against_other_counters():
    """§11.3: uninas counts average pooling too; ptflops batch norm, ReLU and pooled elements."""
    uninas = {"DARTS_V1": (501015744, 505893696), "PDARTS": (532202688, 542848320)}
    for name, (cifar, imagenet) in uninas.items():
        genotype = genotypes.preset(name)
        assert macs(size(genotype, 36, 10, 20)[2], 32, rule="uninas") == cifar
        model = size(genotype, 48, 1000, 14, imagenet=True)[2]
        assert macs(model, 224, rule="uninas") == imagenet
    model = size(genotypes.preset("DARTS_V2"), 48, 1000, 14, imagenet=True)[2]
    assert round(macs(model, 224, rule="ptflops") / 1e6, 3) == 544.588


@pytest.mark.parametrize(
    "network, arguments, options, count",
    [
        (Darts, (16, 10, 8), {}, 1930618),
        (Darts, (16, 100, 8), {}, 1953748),
        (Darts, (16, 10, 8), {"space": "s1"}, 405146),
        (Darts, (16, 10, 8), {"space": "s2"}, 665466),
        (Darts, (16, 10, 8), {"space": "s3"}, 665466),
        (Darts, (16, 10, 8), {"space": "s4"}, 624506),
        (PcDarts, (16, 10, 8), {}, 299578),
        (PcDarts, (16, 100, 8), {}, 322708),
        (PcDarts, (16, 1000, 8), {"partition": 2, "imagenet": True}, 956512),
        (PDarts, (16, 10, 5), {}, 1275834),
        (prdarts.PrDarts, (16, 10), {}, 1323002),
    ],
)
def test_search_network_sizes(network, arguments, options, count):
    assert counting.parameters(network(*arguments, **options)) == count


def test_pdarts_full_sizes_of_later_stages():
    millions = [counting.parameters(PDarts(16, 10, layers)) / 1e6 for layers in (11, 17)]
    assert [round(m, 3) for m in millions] == [2.585, 3.894]


@pytest.mark.parametrize(
    "network, options, classes, side, millions",
    [
        (Darts, {}, 10, 32, 300.26),
        (PcDarts, {}, 10, 32, 56.60),
        (PcDarts, {"partition": 2, "imagenet": True}, 1000, 224, 144.39),
    ],
)
def test_search_network_macs(network, options, classes, side, millions):
    model = network(16, classes, 8, **options)
    arch = {
        name: torch.zeros((14, 8) if name.startswith("alphas") else 14).float()
        for name in network.arch_names
    }
    assert round(macs(model, side, arch) / 1e6, 2) == millions


# §12 -------------------------------------------------------------------------------------------


def test_cosine_schedules():
    def rates(epochs, total, start, end=0.0):
        return [schedules.cosine(e, total, start, end) for e in epochs]

    golden.check(
        rates((0, 1, 2, 10, 25, 48, 49), 50, 0.025, 0.001),
        "2.5e-2 2.497632074e-2 2.490537642e-2 2.270820393e-2 1.3e-2 1.094623584e-3 "
        "1.023679259e-3",
    )
    golden.check(
        rates((1, 300, 410, 550, 599), 600, 0.025),
        "2.499982865e-2 1.25e-2 5.692012e-3 4.259271714e-4 1.713469072e-7",
    )
    golden.check(
        rates((1, 10, 24), 25, 0.025), "2.490143377e-2 1.636271243e-2 9.856623357e-5"
    )
    golden.check(
        rates((1, 15, 49), 50, 0.1), "9.990133642e-2 7.938926261e-2 9.866357859e-5"
    )
    golden.check(rates((49,), 50, 0.1, 0.001), "1.097676943e-3")
    golden.check(
        rates((1, 100, 199), 200, 0.025, 0.001), "2.499851959e-2 1.3e-2 1.001480410e-3"
    )


def test_pcdarts_imagenet_search_schedule():
    rates = [
        schedules.warm_up(e, schedules.cosine(e, 50, 0.5), base=0.5) for e in (0, 4, 5, 35)
    ]
    golden.check(rates, "0.1 0.5 0.4877641291 0.1030536869")


def test_imagenet_schedules():
    golden.check(
        [schedules.exponential(e, 0.1) for e in (1, 100, 249)],
        "9.7e-2 4.755250793e-3 5.083488346e-5",
    )
    golden.check(
        [schedules.linear(e, 250, 0.5) for e in (5, 100, 243, 244, 245, 249)],
        "0.4897959184 0.2959183673 4.081632653e-3 2.040816327e-3 2.040816327e-3 4.081632653e-4",
    )
    decayed = [schedules.linear(e, 250, 0.5) for e in range(6)]
    golden.check(
        [schedules.warm_up(e, rate) for e, rate in enumerate(decayed)],
        ".1 .1991836735 .2975510204 .3951020408 .4918367347 .4897959184",
    )
    golden.check(
        [schedules.warm_up(e, rate, base=0.5) for e, rate in enumerate(decayed)],
        ".1 .2 .3 .4 .5 .4897959184",
    )


def test_dropout_and_temperature_schedules():
    golden.check(
        [schedules.skip_dropout(e, 0.4) for e in (0, 1, 9, 10, 11, 24)],
        ".384 .368 .24 .4 .327492301 .024324025",
    )
    golden.check(
        [schedules.drop_path(e, 600, 0.2) for e in (1, 300, 599)], ".000333333 .1 .199666667"
    )
    golden.check(
        [schedules.temperature(e, 200, 10.0) for e in (100, 160, 161)],
        "5.025125628 2.040201 1.990452",
    )
    golden.check([schedules.temperature(100, 200, 1.0)], ".547738693")
