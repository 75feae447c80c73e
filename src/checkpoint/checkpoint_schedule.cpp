// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint_schedule.h"

#include "sanas/core/signals.h"

namespace sanas {

bool CheckpointSchedule::take_due(int64_t steps) {
  constexpr double kMinute = 60.0;
  const bool asked = ScopedSignals::take_save_request();
  return asked || (options_.every_steps > 0 && steps % options_.every_steps == 0) ||
         (options_.every_minutes > 0.0 &&
          since_last_.seconds() >= options_.every_minutes * kMinute);
}

}  // namespace sanas
