// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/phase_display.h"

#include <algorithm>

#include "sanas/core/signals.h"

namespace sanas {

void PhaseDisplay::on_phase(const PhaseReport& report) {
  if (report.total <= 0) {
    return;
  }
  auto known = std::find_if(running_.begin(), running_.end(),
                            [&](const Running& running) { return running.name == report.name; });
  const bool begins = known == running_.end() || report.done == 0;
  // What ran within it is over, perhaps by an exception.
  running_.erase(known == running_.end() || begins ? known : known + 1, running_.end());
  if (begins) {
    if (!running_.empty()) {
      running_.back().display->hide();
    }
    running_.push_back(
        {report.name, std::make_unique<ProgressDisplay>(report.name, report.total, 0, options_)});
  }
  if (report.done < report.total) {
    running_.back().display->update(report.done);
  } else {
    running_.back().display->close();
    running_.pop_back();
  }
}

bool PhaseDisplay::wants_stop() const { return ScopedSignals::stop_requested(); }

}  // namespace sanas
