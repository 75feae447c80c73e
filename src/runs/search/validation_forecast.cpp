// SPDX-License-Identifier: Apache-2.0
#include "runs/search/validation_forecast.h"

#include <algorithm>

#include "core/format.h"
#include "core/time_text.h"

namespace sanas {
namespace {

/// Updates of W1 after which their time is known.
constexpr int64_t kMeasuredUpdates = 3;
/// Of a forward-backward pass with its update: a third at most, a sixth was measured on a CPU.
constexpr double kForwardShare = 0.25;

}  // namespace

bool ValidationForecast::is_cut_short(const StepReport& report) const {
  return max_steps_ > 0 && max_steps_ < epochs_ * report.steps_in_epoch;
}

std::string ValidationForecast::after(const StepReport& report) {
  if (is_made_ || images_ == 0 || !report.weights1 || !is_cut_short(report)) {
    return "";
  }
  const double pass = report.weights1->seconds / static_cast<double>(report.weights1->passes);
  seconds_per_image_ = std::min(seconds_per_image_, pass / static_cast<double>(report.batch_size));
  ++updates_;
  const bool is_last = report.step + 1 >= max_steps_;
  if (updates_ < kMeasuredUpdates && !is_last) {
    return "";
  }
  is_made_ = true;
  const double seconds = kForwardShare * seconds_per_image_ * static_cast<double>(images_);
  return format(
      "search.max_steps ends this search at mini-batch %lld; validation on %lld images follows and "
      "will take about %s: --set search.validate_every=0 leaves it out",
      static_cast<long long>(max_steps_), static_cast<long long>(images_),
      duration_text(seconds).c_str());
}

}  // namespace sanas
