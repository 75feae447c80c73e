// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/phase.h"

#include <utility>

namespace sanas {

PhaseObserver& nobody() {
  static PhaseObserver observer;
  return observer;
}

void check_stop(const PhaseObserver& observer) {
  if (observer.wants_stop()) {
    throw Interrupted();
  }
}

Phase::Phase(PhaseObserver& observer, std::string name, int64_t total)
    : observer_(observer), report_{std::move(name), 0, total} {
  observer_.on_phase(report_);
  if (total > 0) {
    check_stop(observer_);
  }
}

void Phase::advance(int64_t parts) {
  report_.done += parts;
  observer_.on_phase(report_);
  if (report_.done < report_.total) {
    check_stop(observer_);
  }
}

}  // namespace sanas
