// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/bootstrap.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "sanas/core/random.h"

namespace sanas {

MeanInterval bootstrap_mean(const std::vector<double>& values, const BootstrapOptions& options) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
               [](double value) { return std::isfinite(value); });
  const auto count = static_cast<int64_t>(finite.size());
  if (count == 0) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    return {kNan, kNan, kNan, 0};
  }
  const auto sample = torch::tensor(finite, torch::kDouble);
  const FrozenRandomness frozen(options.seed);
  const auto draws = torch::randint(count, {options.resamples, count}, torch::kInt64);
  const auto means = sample.index_select(0, draws.flatten()).view_as(draws).mean(1);
  const double tail = (1.0 - options.confidence) / 2.0;
  const auto limits = torch::quantile(means, torch::tensor({tail, 1.0 - tail}, torch::kDouble));
  return {sample.mean().item<double>(), limits[0].item<double>(), limits[1].item<double>(), count};
}

}  // namespace sanas
