// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/bootstrap.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "sanas/core/parameters.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

constexpr int64_t kValuesPerBlock = int64_t{1} << 20;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace

MeanInterval bootstrap_mean(const std::vector<double>& values, const BootstrapOptions& options) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
               [](double value) { return std::isfinite(value); });
  const auto count = static_cast<int64_t>(finite.size());
  if (count == 0) {
    return {kUndefined, kUndefined, kUndefined, 0};
  }
  if (count == 1) {
    return {finite.front(), kUndefined, kUndefined, 1};
  }
  const auto sample = torch::tensor(finite, torch::kDouble);
  const FrozenRandomness frozen(options.seed);
  // Block by block: the draws of 2000 resamples of 50,000 values would take 1.6 GB.
  const int64_t block = std::max<int64_t>(1, kValuesPerBlock / count);
  TensorList means_of_blocks;
  for (int64_t done = 0; done < options.resamples; done += block) {
    const int64_t rows = std::min(block, options.resamples - done);
    const auto draws = torch::randint(count, {rows, count}, torch::kInt64);
    means_of_blocks.push_back(sample.index_select(0, draws.flatten()).view_as(draws).mean(1));
  }
  const auto means = torch::cat(means_of_blocks);
  const double tail = (1.0 - options.confidence) / 2.0;
  const auto limits = torch::quantile(means, torch::tensor({tail, 1.0 - tail}, torch::kDouble));
  return {sample.mean().item<double>(), limits[0].item<double>(), limits[1].item<double>(), count};
}

}  // namespace sanas
