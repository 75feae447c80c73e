// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sanas/io/config.h"
#include "sanas/io/named_tensors.h"
#include "sanas/supernet/supernet.h"

namespace sanas {

/// A part of a search that has its own networks and architecture variables. P-DARTS searches in
/// several, every other family in one; only the space goes from one to the next (darts-family
/// §7.2).
struct SearchStage {
  int64_t index = 0;
  SearchSpace space;
};

int64_t stage_count(const Config& config);

/// The whole space. Throws ConfigError for a space that the family does not have.
SearchStage first_stage(const Config& config);

/// What is left of the space of `stage` by the architecture variables of its network.
SearchStage next_stage(const Config& config, const SearchStage& stage, const Supernet& net);

/// Adds the stage's number and the operations that are still searched ("switches_normal",
/// "switches_reduce") to a checkpoint.
void append_stage(NamedTensors& to, const Config& config, const SearchStage& stage);

/// The stage that `append_stage` wrote down. Throws FileError.
SearchStage read_stage(const Config& config, const NamedTensors& tensors,
                       const std::string& source);

}  // namespace sanas
