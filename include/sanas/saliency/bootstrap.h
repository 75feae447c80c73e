// SPDX-License-Identifier: Apache-2.0
#pragma once

// The confidence interval of a mean, by the bootstrap.

#include <cstdint>
#include <vector>

namespace sanas {

/// A mean with the interval that it probably lies in.
struct MeanInterval {
  double mean = 0.0;
  double low = 0.0;
  double high = 0.0;
  /// Values that it is the mean of.
  int64_t count = 0;
};

struct BootstrapOptions {
  int64_t resamples = 2000;
  /// Probability of the interval, in (0, 1).
  double confidence = 0.95;
  uint64_t seed = 0;
};

/// The mean of `values` and its percentile bootstrap interval: quantiles, by linear interpolation,
/// of the means of as many values drawn with replacement. The draws are
/// torch::randint(n, {resamples, n}) after seeding with `seed`. Values that are not finite are left
/// out. One value has no interval (NaN), and none no mean either.
MeanInterval bootstrap_mean(const std::vector<double>& values, const BootstrapOptions& options);

}  // namespace sanas
