// SPDX-License-Identifier: Apache-2.0
#include "runs/search/level_costs.h"

#include <algorithm>

#include "core/format.h"

namespace sanas {

void LevelCosts::on_step(const StepReport& report) {
  const auto add = [](Cost& cost, const auto& update) {
    if (update) {
      cost.seconds += update->seconds;
      cost.updates += 1;
      cost.passes += update->passes;
      cost.peak_memory_bytes = std::max(cost.peak_memory_bytes, update->peak_memory_bytes);
    }
  };
  add(weights1_, report.weights1);
  add(weights2_, report.weights2);
  add(architecture_, report.architecture);
  if (report.architecture) {
    architecture_passes_ = report.architecture->passes;
  }
}

std::vector<std::string> LevelCosts::lines() const {
  std::vector<std::string> lines;
  const auto add_line = [&](const char* name, const Cost& cost) {
    if (cost.updates == 0) {
      return;
    }
    const auto updates = static_cast<double>(cost.updates);
    lines.push_back(format(
        "%-14s %lld updates, %.1f passes and %.2f s each, %.1f s in all, memory up to %.2f GiB",
        name, static_cast<long long>(cost.updates), static_cast<double>(cost.passes) / updates,
        cost.seconds / updates, cost.seconds,
        static_cast<double>(cost.peak_memory_bytes) / (1U << 30U)));
  };
  add_line("weights 1", weights1_);
  add_line("weights 2", weights2_);
  add_line("architecture", architecture_);
  return lines;
}

}  // namespace sanas
