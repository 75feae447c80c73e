// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/search/search_loop.h"
#include "sanas/supernet/search_stage.h"

namespace sanas {

/// A search as it stands, for one safetensors file: `w1.` and `w2.` state dicts, momentum buffers
/// `m1.` and `m2.`, the architecture variables and their optimizer, the stage and its switches, the
/// epoch's meters; in the metadata the configuration, the step and the genotype. That is its
/// networks and its SearchState.
NamedTensors search_checkpoint(const SearchLoop& loop, const SearchStage& stage,
                               const Config& config, const DatasetInfo& info,
                               uint64_t metrics_position);

/// Puts a loop into the state of a checkpoint of the same configuration and stage.
/// Throws FileError if the tensors don't fit.
void load_search_checkpoint(const NamedTensors& tensors, const std::string& source,
                            SearchLoop& loop);

/// Adds the stage's number and the operations that are still searched ("switches_normal",
/// "switches_reduce") to a checkpoint.
void append_stage(NamedTensors& to, const Config& config, const SearchStage& stage);

/// The stage that `append_stage` wrote down. Throws FileError.
SearchStage read_stage(const Config& config, const NamedTensors& tensors,
                       const std::string& source);

}  // namespace sanas
