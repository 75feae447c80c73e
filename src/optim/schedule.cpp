// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/schedule.h"

#include <c10/util/Exception.h>

#include <cmath>
#include <numbers>

namespace sanas {
namespace {

double scheduled(const ScheduleOptions& options, double epoch, double epochs) {
  constexpr double kTail = 5.0;
  switch (options.schedule) {
    case Schedule::kConstant:
      return options.learning_rate;
    case Schedule::kCosine:
      return options.min_learning_rate + (options.learning_rate - options.min_learning_rate) *
                                             (1.0 + std::cos(std::numbers::pi * epoch / epochs)) /
                                             2.0;
    case Schedule::kLinear:
      if (epochs <= kTail) {
        return options.learning_rate * (epochs - epoch) / epochs;  // too short for the two pieces
      }
      return epochs - epoch > kTail
                 ? options.learning_rate * (epochs - kTail - epoch) / (epochs - kTail)
                 : options.learning_rate * (epochs - epoch) / ((epochs - kTail) * kTail);
    case Schedule::kExponential:
      return options.learning_rate * std::pow(0.97, epoch);
  }
  TORCH_CHECK(false, "no such schedule");
}

}  // namespace

std::string to_string(Schedule schedule) {
  switch (schedule) {
    case Schedule::kConstant:
      return "constant";
    case Schedule::kCosine:
      return "cosine";
    case Schedule::kLinear:
      return "linear";
    case Schedule::kExponential:
      return "exponential";
  }
  return {};
}

std::string to_string(WarmUpBase base) {
  return base == WarmUpBase::kScheduled ? "scheduled" : "initial";
}

double learning_rate(const ScheduleOptions& options, int64_t epoch, int64_t epochs) {
  const double rate = scheduled(options, static_cast<double>(epoch), static_cast<double>(epochs));
  if (epoch >= options.warm_up_epochs) {
    return rate;
  }
  const double base = options.warm_up_base == WarmUpBase::kScheduled ? rate : options.learning_rate;
  return base * static_cast<double>(epoch + 1) / static_cast<double>(options.warm_up_epochs);
}

double drop_path_probability(double final_probability, int64_t epoch, int64_t epochs) {
  return final_probability * static_cast<double>(epoch) / static_cast<double>(epochs);
}

}  // namespace sanas
