// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which operations a P-DARTS search still has, as tensors of zeros and ones.

#include <torch/types.h>

#include "sanas/genotype/search_space.h"

namespace sanas {

/// The operations of a cell that are still searched, as P-DARTS writes them down (darts-family
/// §7.2): edges × operations of `whole`, uint8, 1 where the edge of `part` has the operation.
torch::Tensor switches(const EdgeCandidates& whole, const EdgeCandidates& part);

/// The candidates of `whole` that are switched on, in their order.
/// @param switches edges × operations of `whole`, any integer type; not 0: on.
/// Throws ConfigError for another shape.
EdgeCandidates switched_on(const EdgeCandidates& whole, const torch::Tensor& switches);

}  // namespace sanas
