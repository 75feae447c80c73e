# SPDX-License-Identifier: Apache-2.0
"""`sanas_inspect count` against the table of darts-family §11 and the search networks' sizes."""

import golden
import pytest
from inspect_tool import supernet_config
from reference import genotypes

AUXILIARY = {"cifar10": 476426, "cifar100": 545636, "imagenet": 1260776}
AUXILIARY_NARROW = {"cifar10": 457994, "cifar100": 527204, "imagenet": 1236200}


@pytest.mark.parametrize("name", golden.SIZES)
def test_preset(inspect, name):
    cifar10, cifar100, cifar_macs, imagenet, imagenet_macs = golden.SIZES[name]
    narrow = name in ("NASNet", "AmoebaNet")
    extra = {"NASNet": 64800, "AmoebaNet": 38880}.get(name, 51840)
    expected = {
        "cifar10": (cifar10, cifar_macs),
        "cifar100": (cifar100, cifar_macs + extra),
        "imagenet": (imagenet, imagenet_macs),
    }
    for dataset, (parameters, macs) in expected.items():
        auxiliary = (AUXILIARY_NARROW if narrow else AUXILIARY)[dataset]
        if dataset == "imagenet" and name in genotypes.SECOND_AUXILIARY_NORM:
            auxiliary += 1536
        assert inspect.count("--genotype", name, "--dataset", dataset) == {
            "parameters": parameters,
            "parameters_with_auxiliary": parameters + auxiliary,
            "macs": macs,
        }, dataset


def test_other_width(inspect):
    counts = inspect.count("--genotype", "PDARTS", "--dataset", "cifar10", "--channels", 64)
    assert counts["parameters"] == 10521802


@pytest.mark.parametrize(
    "family, cells, space, dataset, parameters, millions_of_macs",
    [
        ("darts", 8, "darts", "cifar10", 1930618, 300.26),
        ("darts", 8, "darts", "cifar100", 1953748, None),
        ("darts", 8, "s1", "cifar10", 405146, None),
        ("darts", 8, "s2", "cifar10", 665466, None),
        ("darts", 8, "s3", "cifar10", 665466, None),
        ("darts", 8, "s4", "cifar10", 624506, None),
        ("pcdarts", 8, "darts", "cifar10", 299578, 56.60),
        ("pcdarts", 8, "darts", "cifar100", 322708, None),
        ("pcdarts", 8, "darts", "imagenet", 956512, 144.39),
        ("pdarts", 5, "darts", "cifar10", 1275834, None),
        ("prdarts", 6, "darts", "cifar10", 1323002, None),
    ],
)
def test_supernet(inspect, family, cells, space, dataset, parameters, millions_of_macs):
    config = supernet_config(family, 16, cells, space, dataset)
    counts = inspect.count("--config", inspect.write_config(config))
    assert counts["parameters"] == parameters
    if millions_of_macs is not None:
        assert round(counts["macs"] / 1e6, 2) == millions_of_macs
