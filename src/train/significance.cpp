// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/significance.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "sanas/core/error.h"

namespace sanas {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// Whether they differ by more than what rounding makes of one number, such as 0.3 and 0.1 + 0.2.
bool have_spread(const std::vector<double>& values) {
  constexpr double kRounding = 10.0 * std::numeric_limits<double>::epsilon();
  return !std::all_of(values.begin(), values.end(), [&](double value) {
    return std::abs(value - values.front()) <= kRounding * std::abs(values.front());
  });
}

/// Without an error to measure it by, a difference says nothing.
TTest t_test(double difference, double error, double degrees) {
  const double statistic = difference / error;
  if (!(error > 0.0) || !std::isfinite(statistic) || !(degrees > 0.0)) {
    return {kUndefined, kUndefined, kUndefined};
  }
  const boost::math::students_t distribution(degrees);
  return {statistic, degrees,
          2.0 * boost::math::cdf(boost::math::complement(distribution, std::abs(statistic)))};
}

}  // namespace

SampleSummary summarize(const std::vector<double>& values) {
  if (values.empty()) {
    throw ConfigError("no values to summarize");
  }
  const auto count = static_cast<double>(values.size());
  SampleSummary summary;
  summary.count = static_cast<int64_t>(values.size());
  if (!have_spread(values)) {
    summary.mean = values.front();
    summary.deviation = summary.count < 2 ? kUndefined : 0.0;
    return summary;
  }
  for (const double value : values) {
    summary.mean += value / count;
  }
  double squares = 0.0;
  for (const double value : values) {
    squares += (value - summary.mean) * (value - summary.mean);
  }
  summary.deviation = std::sqrt(squares / (count - 1.0));
  return summary;
}

TTest one_sample_t_test(const std::vector<double>& values, double mean) {
  const auto sample = summarize(values);
  const auto count = static_cast<double>(sample.count);
  return t_test(sample.mean - mean, sample.deviation / std::sqrt(count), count - 1.0);
}

TTest welch_t_test(const std::vector<double>& a, const std::vector<double>& b) {
  const auto sample_a = summarize(a);
  const auto sample_b = summarize(b);
  const auto count_a = static_cast<double>(sample_a.count);
  const auto count_b = static_cast<double>(sample_b.count);
  const double error_a = sample_a.deviation * sample_a.deviation / count_a;
  const double error_b = sample_b.deviation * sample_b.deviation / count_b;
  const double error = error_a + error_b;  // squared, as its parts
  // The degrees of freedom of Welch and Satterthwaite, by the parts' shares.
  const double share_a = error_a / error;
  const double share_b = error_b / error;
  const double degrees =
      1.0 / (share_a * share_a / (count_a - 1.0) + share_b * share_b / (count_b - 1.0));
  return t_test(sample_a.mean - sample_b.mean, std::sqrt(error), degrees);
}

}  // namespace sanas
