# SPDX-License-Identifier: Apache-2.0
"""`sanas_inspect derive` against the reference on thousands of random and tie-heavy tables."""

import pytest
import torch
from inspect_tool import supernet_config
from reference import derivation, genotypes
from reference.pdarts import ALL_ON, switches_from_digits

BATCH = 5_000  # of each of the two kinds per family
ALPHAS = ("alphas_normal", "alphas_reduce")
BETAS = ("betas_normal", "betas_reduce")


def random_tables(shapes, batch, dtype, seed):
    """A quarter each: gaussian, wide gaussian, coarse grid (ties), few distinct rows (ties)."""
    torch.manual_seed(seed)
    quarter = batch // 4
    tables = {}
    for name, shape in shapes.items():
        rows = torch.tensor([0.0, 0.5, 1.0])[torch.randint(0, 3, (quarter, 1, shape[-1]))]
        repeated = rows.expand(quarter, *shape) if len(shape) == 2 else rows[:, 0]
        parts = [
            torch.randn(quarter, *shape),
            10.0 * torch.randn(quarter, *shape),
            0.5 * torch.randint(-2, 3, (quarter, *shape)),
            repeated,
        ]
        tables[name] = torch.cat(parts).to(dtype)
    return tables


def disagreements(lines, expected):
    return [
        (i, line, str(genotype))
        for i, (line, genotype) in enumerate(zip(lines, expected))
        if line != str(genotype) and genotypes.parse(line) != genotype
    ]


def fuzz(inspect, config, tables, derive, extra=None):
    lines = inspect.derive(config, {**tables, **(extra or {})})
    count = len(next(iter(tables.values())))
    assert len(lines) == count
    expected = [derive({name: table[i] for name, table in tables.items()}) for i in range(count)]
    wrong = disagreements(lines, expected)
    assert not wrong, f"{len(wrong)} of {count} disagree, the first: {wrong[0]}"


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_darts(inspect, dtype):
    tables = random_tables({name: (14, 8) for name in ALPHAS}, BATCH, dtype, seed=1)
    fuzz(inspect, supernet_config("darts", 4, 5), tables, derivation.derive_darts)


@pytest.mark.parametrize("space, columns", [("s1", 2), ("s2", 2), ("s3", 3), ("s4", 2)])
def test_darts_on_other_spaces(inspect, space, columns):
    tables = random_tables(
        {name: (14, columns) for name in ALPHAS}, BATCH // 4, torch.float32, seed=2
    )
    config = supernet_config("darts", 4, 5, space)
    fuzz(inspect, config, tables, lambda arch: derivation.derive_darts(arch, space))


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_pcdarts(inspect, dtype):
    shapes = {**{name: (14, 8) for name in ALPHAS}, **{name: (14,) for name in BETAS}}
    tables = random_tables(shapes, BATCH, dtype, seed=3)
    fuzz(inspect, supernet_config("pcdarts", 4, 5), tables, derivation.derive_darts)


@pytest.mark.parametrize("dtype", (torch.float32, torch.float64))
def test_prdarts(inspect, dtype):
    tables = random_tables({name: (14, 8) for name in ALPHAS}, BATCH, dtype, seed=4)
    fuzz(inspect, supernet_config("prdarts", 4, 6), tables, derivation.derive_prdarts)


def test_pdarts_with_all_operations(inspect):
    tables = random_tables({name: (14, 8) for name in ALPHAS}, BATCH, torch.float32, seed=5)
    fuzz(
        inspect,
        supernet_config("pdarts", 4, 5),
        tables,
        lambda arch: derivation.derive_pdarts(arch, ALL_ON, ALL_ON),
    )


def test_pdarts_in_its_last_stage(inspect):
    """Three operations per edge, different ones on each: the switches travel with the alphas."""
    texts = (
        "034 037 367 236 235 135 034 037 367 236 235 135 134 037",
        "367 236 256 145 014 047 367 236 256 125 014 047 037 236",
    )
    normal, reduce = (switches_from_digits(text) for text in texts)
    tables = random_tables({name: (14, 3) for name in ALPHAS}, BATCH, torch.float32, seed=6)
    switches = {
        "switches_normal": torch.tensor(normal, dtype=torch.uint8),
        "switches_reduce": torch.tensor(reduce, dtype=torch.uint8),
    }
    fuzz(
        inspect,
        supernet_config("pdarts", 4, 5),
        tables,
        lambda arch: derivation.derive_pdarts(arch, normal, reduce),
        switches,
    )


def test_presets_are_printed_as_the_reference_prints_them(inspect):
    for name, genotype in genotypes.PRESETS.items():
        text = inspect.run("genotype", name, "--format", "text").strip()
        assert genotypes.parse(text) == genotype, name
    for alias, name in genotypes.ALIASES.items():
        assert genotypes.parse(inspect.run("genotype", alias)) == genotypes.PRESETS[name]
