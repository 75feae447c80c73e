// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shows the phases of long work as progress bars, and stops them at a signal.

#include <memory>
#include <string>
#include <vector>

#include "sanas/core/phase.h"
#include "sanas/core/progress.h"

namespace sanas {

/// Shows the phases of a program, and asks them to end once a signal has come (ScopedSignals). Of
/// phases within phases the innermost is shown. One that is over leaves nothing on a terminal.
class PhaseDisplay : public PhaseObserver {
 public:
  explicit PhaseDisplay(ProgressOptions options) : options_(std::move(options)) {}

  void on_phase(const PhaseReport& report) override;
  bool wants_stop() const override;

 private:
  struct Running {
    std::string name;
    std::unique_ptr<ProgressDisplay> display;
  };

  ProgressOptions options_;
  std::vector<Running> running_;  // the innermost comes last
};

}  // namespace sanas
