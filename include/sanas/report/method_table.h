// SPDX-License-Identifier: Apache-2.0
#pragma once

// A table that compares the accuracies of methods, with t-tests.

#include <string>
#include <vector>

#include "sanas/train/significance.h"

namespace sanas {

/// Accuracies of one method over several trainings.
struct MethodScores {
  std::string name;
  std::vector<double> accuracies;
};

enum class TableFormat { kText, kCsv, kLatex };

/// A method against another: the one-sample test of the supplement §K (are a's accuracies other
/// than b's mean?) and Welch's test (do the means differ?).
struct MethodComparison {
  MethodScores a;
  MethodScores b;
  TTest one_sample;
  TTest welch;
};

/// What one value, or values without spread, say nothing about is NaN. Throws ConfigError for no
/// values.
MethodComparison compare_methods(const MethodScores& a, const MethodScores& b);

/// The first method against each of the others, with means and standard deviations in per cent, as
/// text for a terminal, as CSV with fractions and full precision, or as a LaTeX tabular (booktabs).
/// What is undefined is called so, in CSV nan.
std::string comparison_table(const std::vector<MethodComparison>& comparisons, TableFormat format);

}  // namespace sanas
