# SPDX-License-Identifier: Apache-2.0
"""The hypergradient through all steps of an l2 attack (`attack.jacobian: exact`) against autograd.

The reference lets autograd run through W1', every step with its normalisation, ball and box, W2'
and V.
"""

import pytest
from hypergradient_case import Case, case_name, check_terms

LIVE = {"norm": "l2", "jacobian": "exact", "reweight": "abs", "normalization": "unit_mean"}

FAMILIES = [
    Case(family=family, steps=3 if family == "darts" else 1, **LIVE)
    for family in ("darts", "pcdarts", "pdarts", "prdarts")
]
SWITCHES = [
    Case(space="s2", steps=1, loss="label", **LIVE),
    Case(space="s2", steps=3, loss="label", **LIVE),
    Case(space="s2", steps=3, detach=True, **LIVE),
    Case(space="s2", steps=3, loss="pseudo", **LIVE),
    Case(space="s2", steps=3, **{**LIVE, "reweight": "delta"}),
    Case(space="s2", steps=3, **{**LIVE, "reweight": "one_plus_abs"}),
    Case(space="s2", steps=1, reduction="sum", **{**LIVE, "normalization": "none"}),
    Case(space="s2", steps=3, approximation="finite_difference", **LIVE),
    Case(space="s2", steps=1, approximation="finite_difference", loss="label", **LIVE),
]


@pytest.mark.parametrize("case", FAMILIES, ids=lambda case: f"{case.family} steps={case.steps}")
def test_families(inspect, case):
    check_terms(inspect, case)


@pytest.mark.parametrize("case", SWITCHES, ids=case_name)
def test_switches(inspect, case):
    check_terms(inspect, case)
