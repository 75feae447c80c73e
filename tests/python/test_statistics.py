# SPDX-License-Identifier: Apache-2.0
"""`sanas_eval compare` against scipy's tests."""

import csv
import io

import numpy as np
import pytest
from programs import one_line_error, run
from scipy import stats


def accuracies(seed, count, mean):
    return np.random.default_rng(seed).normal(mean, 0.004, count)


def write_numbers(path, values):
    path.write_text("".join(f"{value!r}\n" for value in map(float, values)))
    return path


def rows_of(result):
    assert result.returncode == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


@pytest.mark.parametrize("counts", [(10, 10), (2, 2), (5, 31), (200, 3)])
def test_both_tests_equal_scipy(tmp_path, counts):
    a, b = accuracies(1, counts[0], 0.83), accuracies(2, counts[1], 0.8268)
    files = [write_numbers(tmp_path / f"{n}.txt", v) for n, v in (("ours", a), ("darts", b))]
    (row,) = rows_of(run("sanas_eval", "compare", *files, "--format", "csv"))
    assert (row["a"], row["b"]) == ("ours", "darts")
    assert int(row["a_runs"]) == counts[0] and int(row["b_runs"]) == counts[1]
    for name, values in (("a", a), ("b", b)):
        assert float(row[name + "_mean"]) == pytest.approx(values.mean(), rel=1e-14)
        assert float(row[name + "_deviation"]) == pytest.approx(values.std(ddof=1), rel=1e-12)
    expected = stats.ttest_1samp(a, b.mean())
    assert float(row["t_one_sample"]) == pytest.approx(expected.statistic, rel=1e-12)
    assert float(row["p_one_sample"]) == pytest.approx(expected.pvalue, rel=1e-12)
    expected = stats.ttest_ind(a, b, equal_var=False)
    assert float(row["t_welch"]) == pytest.approx(expected.statistic, rel=1e-12)
    assert float(row["p_welch"]) == pytest.approx(expected.pvalue, rel=1e-12)
    assert float(row["degrees_welch"]) == pytest.approx(expected.df, rel=1e-12)


def test_percent_and_degenerate_samples_equal_scipy(tmp_path):
    """Fractions against per cent under a heading, one value, and no spread but for rounding."""
    a, b = accuracies(1, 4, 0.83), accuracies(2, 6, 0.8268)
    ours = write_numbers(tmp_path / "ours.txt", a)
    theirs = tmp_path / "theirs.csv"
    lines = [f"{i},{100 * v!r}" for i, v in enumerate(map(float, b))]
    theirs.write_text("\r\n".join(["seed,accuracy", *lines, ""]))
    one = write_numbers(tmp_path / "one.txt", b[:1])
    flat = write_numbers(tmp_path / "flat.txt", [0.3, 0.1 + 0.2, 0.3])
    csv_of = lambda *files: rows_of(run("sanas_eval", "compare", *files, "--format", "csv"))
    percent, single, level = csv_of(ours, theirs, one, flat)
    assert float(percent["b_mean"]) == pytest.approx(b.mean(), rel=1e-14)
    expected = stats.ttest_ind(a, b, equal_var=False)
    assert float(percent["p_welch"]) == pytest.approx(expected.pvalue, rel=1e-9)
    # Against one published number only the one-sample test says something.
    expected = stats.ttest_1samp(a, b[0])
    assert float(single["p_one_sample"]) == pytest.approx(expected.pvalue, rel=1e-12)
    for key in ("b_deviation", "t_welch", "p_welch"):
        assert single[key] == "nan"
    assert float(level["b_deviation"]) == 0.0
    expected = (a.mean() - 0.3) / (a.std(ddof=1) / 2)  # the error is that of the four values alone
    assert float(level["t_welch"]) == pytest.approx(expected, rel=1e-9)
    (none,) = csv_of(flat, one)
    assert none["p_one_sample"] == none["p_welch"] == "nan"


def test_tables_for_people_and_papers(tmp_path):
    files = [write_numbers(tmp_path / f"{n}.txt", accuracies(i, 4, 0.8 - i / 50))
             for i, n in enumerate(("ours", "a_b", "c"))]
    text = run("sanas_eval", "compare", *files).stdout
    assert "ours" in text and text.count("one-sample t") == 2 and "±" in text
    names = ("--names", "Ours,Baseline_1,50%")
    latex = run("sanas_eval", "compare", *files, *names, "--format", "latex").stdout
    assert latex.startswith("\\begin{tabular}") and latex.rstrip().endswith("\\end{tabular}")
    assert "Baseline\\_1" in latex and "50\\%" in latex and "\\pm" in latex
    assert latex.count("\\\\") == 3


def test_what_can_not_be_compared(tmp_path):
    good = write_numbers(tmp_path / "good.txt", [0.5, 0.6])
    mixed = write_numbers(tmp_path / "mixed.txt", [0.5, 60])
    one_line_error("sanas_eval", run("sanas_eval", "compare", good, mixed), 3, "mixed.txt:2")
    word = tmp_path / "word.txt"
    word.write_text("0.5\nhalf\n")
    one_line_error("sanas_eval", run("sanas_eval", "compare", good, word), 3, "word.txt:2")
    missing = tmp_path / "missing.txt"
    one_line_error("sanas_eval", run("sanas_eval", "compare", good, missing), 3, missing)
    one_line_error("sanas_eval", run("sanas_eval", "compare", good), 2, "methods")
    names = ("--names", "only")
    one_line_error("sanas_eval", run("sanas_eval", "compare", good, good, *names), 2, "--names")
