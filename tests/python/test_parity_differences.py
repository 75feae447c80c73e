# SPDX-License-Identifier: Apache-2.0
"""`sanas_inspect hypergradient` by differences against independent ones at the same step."""

import pytest
from hypergradient_case import FAMILIES, Case, check_terms


@pytest.mark.parametrize("family", FAMILIES)
def test_differences_equal_independent_differences(inspect, family):
    check_terms(inspect, Case(family=family, approximation="finite_difference"))
