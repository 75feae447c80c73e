// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sanas/search/reports.h"

namespace sanas {

/// Adds up what the updates of each level of a search cost.
class LevelCosts : public SearchObserver {
 public:
  void on_step(const StepReport& report) override;

  /// Forward-backward passes of the last update of the architecture.
  int64_t architecture_passes() const { return architecture_passes_; }

  /// For the log: a line for each level that was updated.
  std::vector<std::string> lines() const;

 private:
  struct Cost {
    double seconds = 0.0;
    int64_t updates = 0;
    int64_t passes = 0;
    int64_t peak_memory_bytes = 0;
  };

  Cost weights1_;
  Cost weights2_;
  Cost architecture_;
  int64_t architecture_passes_ = 0;
};

}  // namespace sanas
