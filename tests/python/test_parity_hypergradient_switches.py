# SPDX-License-Identifier: Apache-2.0
"""`sanas_inspect hypergradient` under every switch of the method (method §2.2–2.4, §3.3, §7).

On space S2, whose two operations per edge make the brute force cheap.
"""

import pytest
from hypergradient_case import Case, case_name, check_terms

EXACT = [
    Case(space="s2", steps=3),
    Case(space="s2", steps=3, norm="l2", loss="label"),
    Case(space="s2", loss="label", normalize="none"),
    Case(space="s2", loss="pseudo", reweight="abs", momentum=False),
    Case(space="s2", detach=True, reweight="one_plus_abs", reduction="sum", gamma=0.0),
]
DIFFERENCES = [
    Case(space="s2", approximation="finite_difference", steps=3),
    Case(space="s2", approximation="finite_difference", loss="label", reweight="abs"),
    Case(space="s2", approximation="finite_difference", detach=True, reduction="sum"),
]


@pytest.mark.parametrize("case", EXACT + DIFFERENCES, ids=case_name)
def test_switches(inspect, case):
    check_terms(inspect, case)
