# SPDX-License-Identifier: Apache-2.0
"""`sanas_inspect hypergradient` against full autograd, per family."""

import pytest
from hypergradient_case import FAMILIES, Case, Setting, check_terms, error
from reference import hypergradient


@pytest.mark.parametrize("family", FAMILIES)
def test_exact_equals_autograd_through_the_updates(inspect, family):
    check_terms(inspect, Case(family=family))


def test_updated_weights(inspect):
    """`--steps` writes W1' and W2'."""
    setting = Setting(Case(space="s2"))
    output_path = inspect.folder / "steps.safetensors"
    inspect.run(
        "hypergradient",
        "--config",
        inspect.write_config(setting.config()),
        "--state",
        inspect.write_tensors(setting.state(), "state.safetensors"),
        "--output",
        output_path,
        "--dtype",
        "float64",
        "--steps",
    )
    output = inspect.read_tensors(output_path)
    expected = hypergradient.finite_difference(*setting.reference())
    for prefix, weights in (("w1", expected.weights1), ("w2", expected.weights2)):
        found = {name: output[f"{prefix}.{name}"] for name in weights}
        assert error(found, weights) < 1e-12
