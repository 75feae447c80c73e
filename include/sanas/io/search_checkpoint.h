// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sanas/io/checkpoint_info.h"
#include "sanas/io/search_stage.h"
#include "sanas/search/search_loop.h"

namespace sanas {

/// A search as it stands, for one safetensors file: `w1.` and `w2.` state dicts, momentum buffers
/// `m1.` and `m2.`, the architecture variables and their optimizer, the stage and its switches, the
/// epoch's meters; in the metadata the configuration, the step and the genotype. Since every random
/// draw of a search is a function of (seed, stage, step), that is everything.
NamedTensors search_checkpoint(SearchLoop& loop, const SearchStage& stage, const Config& config,
                               const DatasetInfo& info, uint64_t metrics_position);

/// Puts a loop into the state of a checkpoint of the same configuration and stage.
/// Throws FileError if the tensors don't fit.
void load_search_checkpoint(const NamedTensors& tensors, const std::string& source,
                            SearchLoop& loop);

/// Steps of the architecture within the first `step` mini-batches of a stage.
int64_t architecture_updates(const SearchOptions& options, int64_t steps_per_epoch, int64_t step);

}  // namespace sanas
