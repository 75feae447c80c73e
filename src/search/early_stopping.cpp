// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/early_stopping.h"

#include <algorithm>
#include <utility>

namespace sanas {

void EarlyStopping::add(EigenvalueMeasurement measurement) {
  measurements_.push_back(std::move(measurement));
  const auto count = static_cast<int64_t>(measurements_.size());
  if (count < (options_.window + 1) / 2) {
    return;
  }
  const int64_t averaged = std::min(count, options_.window);
  double sum = 0.0;
  for (int64_t i = count - averaged; i < count; ++i) {
    sum += measurements_[static_cast<size_t>(i)].eigenvalue;
  }
  averages_.push_back(sum / static_cast<double>(averaged));

  // The average stands for the epoch in the middle of a whole window.
  const int64_t middle = count - 1 - options_.window / 2;
  const int64_t before = middle - options_.delta;
  const auto averages = static_cast<int64_t>(averages_.size());
  if (stopped_at_ || before < 0 || averages <= options_.delta) {
    return;
  }
  const auto& earlier = measurements_[static_cast<size_t>(before)];
  const double growth =
      averages_.back() / averages_[static_cast<size_t>(averages - 1 - options_.delta)];
  if (earlier.epoch >= options_.start_epoch && growth > options_.factor) {
    stopped_at_ = earlier;
  }
}

}  // namespace sanas
