// SPDX-License-Identifier: Apache-2.0
#pragma once

// How often a run saves a checkpoint, and how many stay on disk.

#include <cstdint>

namespace sanas {

/// When a run saves its state besides the end of each epoch, and how much of it stays.
struct CheckpointOptions {
  /// Every so many mini-batches; 0: not by number.
  int64_t every_steps = 0;
  /// After so many minutes since the last one; 0: not by time.
  double every_minutes = 15.0;
  /// Checkpoints that stay: the last one and those before it. The best one stays besides.
  int64_t keep = 3;
};

}  // namespace sanas
