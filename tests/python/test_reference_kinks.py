# SPDX-License-Identifier: Apache-2.0
"""Differences of gradients at the kinks of ReLU and max-pooling (method §3.5)."""

import golden
import pytest
from reference.architect import second_order
from reference.darts import Darts
from reference.fill import chk
from settings import TRAIN, VALIDATION, fresh

ETA = 0.025


def test_darts_exact_product_and_differences_at_kinks():
    """Method §3.5: the exact product, and one of the differences that do not converge to it."""
    model, arch = fresh(Darts)
    exact = second_order(model, arch, TRAIN, VALIDATION, ETA, radius=None)
    golden.check(
        [value for g in exact.values() for value in (chk(g), g.norm())],
        "1.40875469599 10.2789571660 0.115182837124 8.76907108136",
    )
    model, arch = fresh(Darts)
    difference = second_order(model, arch, TRAIN, VALIDATION, ETA, radius=1e-3)
    golden.check([g.norm() for g in difference.values()], "36.56 22.19")


@pytest.mark.parametrize(
    "radius, norms", [(1e-4, "178.9 177.8"), (1e-5, "1692.6 1211.7"), (1e-6, None)]
)
def test_darts_small_differences(radius, norms):
    """Method §3.5: the norms blow up until no activation changes its sign any more."""
    model, arch = fresh(Darts)
    difference = second_order(model, arch, TRAIN, VALIDATION, ETA, radius=radius)
    if norms is None:  # its last digits are rounding: 1e-6 of the weights is differenced
        values = [float(g.norm()) for g in difference.values()]
        assert values == pytest.approx([10.278957082, 8.769071002], rel=1e-8)
    else:
        golden.check([g.norm() for g in difference.values()], norms)
