// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "formats/json_lines.h"
#include "sanas/train/evaluation_loop.h"

namespace sanas {

// What the training of a discrete network says of itself: records for metrics.jsonl
// (docs/run_folder.md), and lines for people.

/// Whether there was something to train on: of the mini-batch at least one image could be decoded.
bool has_trained(const TrainStepReport& report);

/// A mini-batch, as phase "train".
JsonRecord to_record(const TrainStepReport& report);

/// An epoch, as phase "train_epoch". @param peak_memory_bytes of the run so far.
JsonRecord to_record(const TrainEpochReport& report, int64_t peak_memory_bytes);

/// For behind the bar; empty where nothing was trained.
std::string progress_text(const TrainStepReport& report);

/// The epoch in one line.
std::string log_text(const TrainEpochReport& report);

}  // namespace sanas
