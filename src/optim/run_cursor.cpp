// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/run_cursor.h"

#include <algorithm>

namespace sanas {

int64_t RunLength::steps() const {
  const int64_t whole = epochs * steps_per_epoch;
  return max_steps > 0 ? std::min(max_steps, whole) : whole;
}

bool RunCursor::is_last_step() const {
  return steps_of_epoch() + 1 == length_.steps_per_epoch || counts_.step + 1 == length_.steps();
}

bool RunCursor::no_steps_left() const { return is_ended_ || counts_.step >= length_.steps(); }

bool RunCursor::skip_to(int64_t step, int64_t rollbacks) {
  const int64_t epoch = step > counts_.step ? (step - 1) / length_.steps_per_epoch : this->epoch();
  const bool is_another = epoch > this->epoch();
  if (is_another) {
    counts_.reported_epochs = epoch;
  }
  counts_.step = step;
  counts_.rollbacks = rollbacks;
  return is_another;
}

bool run_epochs(const RunCursor& cursor, const PhaseObserver& observer,
                const std::function<void()>& run_epoch) {
  try {
    if (cursor.is_finished() && cursor.steps_of_epoch() != 0) {
      run_epoch();
    }
    while (!cursor.is_finished()) {
      check_stop(observer);
      run_epoch();
    }
    return true;
  } catch (const Interrupted&) {
    return false;
  }
}

}  // namespace sanas
