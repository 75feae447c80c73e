// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sanas/search/options.h"

namespace sanas {

/// Forward-backward passes over a mini-batch that one update of each level takes; 0 for a level
/// that an epoch doesn't update. As in method §3.2, the clean prediction that a soft attack
/// compares with, a forward pass without gradients, is not counted.
struct UpdateCost {
  int64_t weights1 = 0;
  /// With the attack on W1 that makes its images.
  int64_t weights2 = 0;
  /// All steps of an architecture update, with the attacks in them.
  int64_t architecture = 0;
};

/// What a search spends in `epoch`. Products by differences are counted in full, though they take
/// none where the vector happens to be zero.
UpdateCost update_cost(const SearchOptions& options, int64_t epoch);

/// The passes of all updates, per mini-batch and averaged over all epochs. Measurements
/// (validation, eigenvalues, reports) are not counted.
double passes_per_batch(const SearchOptions& options);

/// Steps of the architecture within the first `step` mini-batches of a stage.
int64_t architecture_updates(const SearchOptions& options, int64_t steps_per_epoch, int64_t step);

}  // namespace sanas
