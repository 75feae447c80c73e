// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace sanas {

/// Mean and spread of repeated measurements.
struct SampleSummary {
  int64_t count = 0;
  double mean = 0.0;
  /// Sample standard deviation, with count − 1 in the denominator; 0 for one value.
  double deviation = 0.0;
};

/// Throws ConfigError for no values.
SampleSummary summarize(const std::vector<double>& values);

/// A two-sided test of Student's kind.
struct TTest {
  double statistic = 0.0;
  double degrees_of_freedom = 0.0;
  double p_value = 1.0;
};

/// Is the mean of `values` other than `mean`? The test of the supplement §K (scipy's ttest_1samp).
/// Values that are all equal give an infinite statistic and p = 0, or NaN where they equal `mean`.
/// Throws ConfigError for fewer than two values.
TTest one_sample_t_test(const std::vector<double>& values, double mean);

/// Do the means of `a` and `b` differ, whatever their variances? Welch's test (scipy's ttest_ind
/// with equal_var=False). Throws ConfigError for fewer than two values on a side.
TTest welch_t_test(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace sanas
