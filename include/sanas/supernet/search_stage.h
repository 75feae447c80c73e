// SPDX-License-Identifier: Apache-2.0
#pragma once

// The stages of a search: several in P-DARTS, one in all others.

#include <cstdint>
#include <string>

#include "sanas/supernet/factory.h"
#include "sanas/supernet/supernet.h"

namespace sanas {

/// A part of a search that has its own networks and architecture variables. P-DARTS searches in
/// several, every other family in one; only the space goes from one to the next (darts-family
/// §7.2).
struct SearchStage {
  int64_t index = 0;
  SearchSpace space;
};

int64_t stage_count(const SupernetChoice& choice);

/// The whole space. Throws ConfigError for a space that the family does not have.
SearchStage first_stage(const SupernetChoice& choice);

/// What is left of the space of `stage` by the architecture variables of its network.
SearchStage next_stage(const SupernetChoice& choice, const SearchStage& stage, const Supernet& net);

}  // namespace sanas
