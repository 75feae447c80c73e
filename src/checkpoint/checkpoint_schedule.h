// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/config/checkpoint_options.h"
#include "sanas/core/stopwatch.h"

namespace sanas {

/// Says when a checkpoint is due: by the number of mini-batches, by the time since the last one (on
/// a clock that nobody can set), or because SIGUSR1 asked for one.
class CheckpointSchedule {
 public:
  explicit CheckpointSchedule(const CheckpointOptions& options) : options_(options) {}

  /// @param steps mini-batches done. A request of SIGUSR1 counts once.
  bool take_due(int64_t steps);
  /// One was written.
  void restart() { since_last_ = {}; }

 private:
  CheckpointOptions options_;
  Stopwatch since_last_;
};

}  // namespace sanas
