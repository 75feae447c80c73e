// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <vector>

#include "sanas/genotype/search_space.h"

namespace sanas {

/// Weights of all candidate operations of a cell as float32 values in memory: [edge][column]. All
/// derivation rules compare these.
using EdgeTable = std::vector<std::vector<float>>;

/// @param weights edges × operations, on any device and of any floating type. Its shape must be
/// that
///        of `candidates`. Throws NonFiniteError where one is not finite.
EdgeTable edge_table(const EdgeCandidates& candidates, const torch::Tensor& weights);

}  // namespace sanas
