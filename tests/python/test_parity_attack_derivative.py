# SPDX-License-Identifier: Apache-2.0
"""The hypergradient through all steps of an l2 attack (`attack.jacobian: exact`) against autograd.

The reference lets autograd run through W1', every step with its normalisation, ball and box, W2'
and V.
"""

import pytest
from hypergradient_case import Case, Setting, case_name, check_terms
from programs import one_line_error, run

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


@pytest.mark.parametrize(
    "changes, status, words",
    [
        ({"norm": "linf"}, 2, ("attack.jacobian", "attack.norm: l2")),
        ({"steps": 0}, 2, ("attack.jacobian", "attack.steps")),
        ({"pixels": 1.5}, 3, ("[0, 1]",)),
        ({"pixels": float("nan")}, 3, ("[0, 1]",)),
    ],
    ids=["signed steps", "no steps", "bright pixels", "NaN"],
)
def test_what_has_no_derivative_is_refused(inspect, changes, status, words):
    switches = {key: value for key, value in changes.items() if key != "pixels"}
    setting = Setting(Case(space="s2", **{"steps": 1, **LIVE, **switches}))
    state = setting.state()
    state["x_train"][0, 0, 0, 0] = changes.get("pixels", 0.5)
    output = inspect.folder / "refused.safetensors"
    result = run("sanas_probe", "hypergradient", "--config", inspect.write_config(setting.config()),
                 "--state", inspect.write_tensors(state, "state.safetensors"), "--out", output)  # fmt: skip
    one_line_error("sanas_probe", result, status, *words)
    assert not output.exists()
