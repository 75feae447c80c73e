// SPDX-License-Identifier: Apache-2.0
#pragma once

// Means, deviations and t-tests of repeated measurements.

#include <cstdint>
#include <vector>

namespace sanas {

/// Mean and spread of repeated measurements.
struct SampleSummary {
  int64_t count = 0;
  double mean = 0.0;
  /// Sample standard deviation, with count − 1 in the denominator: undefined (NaN) for one value, 0
  /// for values that differ by rounding only.
  double deviation = 0.0;
};

/// Throws ConfigError for no values.
SampleSummary summarize(const std::vector<double>& values);

/// A two-sided test of Student's kind. All three are NaN where the samples have no spread to
/// measure a difference by, or too few values.
struct TTest {
  double statistic = 0.0;
  double degrees_of_freedom = 0.0;
  double p_value = 1.0;
};

/// Is the mean of `values` other than `mean`? The test of the supplement §K (scipy's ttest_1samp).
/// Undefined for one value and for values that are all equal. Throws ConfigError for no values.
TTest one_sample_t_test(const std::vector<double>& values, double mean);

/// Do the means of `a` and `b` differ, whatever their variances? Welch's test (scipy's ttest_ind
/// with equal_var=False). Undefined for one value on a side, and for two sides without spread.
/// Throws ConfigError for no values.
TTest welch_t_test(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace sanas
