// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "formats/json_lines.h"
#include "sanas/nn/network_size.h"
#include "sanas/search/options.h"
#include "sanas/search/reports.h"
#include "sanas/supernet/supernet.h"

namespace sanas {

// What a search says of itself: records for metrics.jsonl (docs/run_folder.md), and lines for
// people.

/// A mini-batch, as phase "search".
/// @param method of a plain search there are only the values of W1 and A.
JsonRecord to_record(const StepReport& report, int64_t stage, SearchMethod method);

/// An epoch, as phase "search_epoch".
/// @param size of the discrete network of the epoch's genotype.
/// @param peak_memory_bytes of the run so far.
JsonRecord to_record(const EpochReport& report, int64_t stage, const NetworkSize& size,
                     int64_t peak_memory_bytes);

/// The weights of the operations of every edge after that epoch, as phase "operation_weights".
JsonRecord operation_weights_record(const EpochReport& report, int64_t stage, const Supernet& net);

/// " of stage 2 of 3", by its index; empty where there is one alone.
std::string of_stage(int64_t stage, int64_t stages);

/// For behind the bar; empty where the mini-batch did not train W1.
std::string progress_text(const StepReport& report);

/// What is at work, for in front of the rate; all equally wide, so that the rest stays in its
/// place.
std::string level_text(SearchLevel level);

/// The epoch in one line, without its genotype.
/// @param parameters of the discrete network of the epoch's genotype.
/// @param changes of the genotype since the epoch before (changes_text); empty: not known.
std::string log_text(const EpochReport& report, int64_t parameters, const std::string& changes);

}  // namespace sanas
