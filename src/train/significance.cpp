// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/significance.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "sanas/core/error.h"

namespace sanas {
namespace {

SampleSummary sample_of_at_least_two(const std::vector<double>& values) {
  if (values.size() < 2) {
    throw ConfigError("a t-test needs at least two values on each side, not " +
                      std::to_string(values.size()));
  }
  return summarize(values);
}

TTest t_test(double difference, double error, double degrees) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  if (error == 0.0 || std::isnan(error)) {  // no spread: certainly different, or no statement
    const double statistic = difference / error;
    return {statistic, degrees, std::isnan(statistic) ? kNan : 0.0};
  }
  const double statistic = difference / error;
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
  for (const double value : values) {
    summary.mean += value / count;
  }
  double squares = 0.0;
  for (const double value : values) {
    squares += (value - summary.mean) * (value - summary.mean);
  }
  summary.deviation = values.size() < 2 ? 0.0 : std::sqrt(squares / (count - 1.0));
  return summary;
}

TTest one_sample_t_test(const std::vector<double>& values, double mean) {
  const auto sample = sample_of_at_least_two(values);
  const auto count = static_cast<double>(sample.count);
  return t_test(sample.mean - mean, sample.deviation / std::sqrt(count), count - 1.0);
}

TTest welch_t_test(const std::vector<double>& a, const std::vector<double>& b) {
  const auto sample_a = sample_of_at_least_two(a);
  const auto sample_b = sample_of_at_least_two(b);
  const auto count_a = static_cast<double>(sample_a.count);
  const auto count_b = static_cast<double>(sample_b.count);
  // Squared standard errors, and the degrees of freedom of Welch and Satterthwaite.
  const double error_a = sample_a.deviation * sample_a.deviation / count_a;
  const double error_b = sample_b.deviation * sample_b.deviation / count_b;
  const double error = error_a + error_b;
  const double degrees =
      error * error / (error_a * error_a / (count_a - 1.0) + error_b * error_b / (count_b - 1.0));
  return t_test(sample_a.mean - sample_b.mean, std::sqrt(error), degrees);
}

}  // namespace sanas
