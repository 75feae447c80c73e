// SPDX-License-Identifier: Apache-2.0
#pragma once

// Derives a genotype from the weights of the operations, by the rules of the families.

#include <torch/types.h>

#include "sanas/genotype/genotype.h"
#include "sanas/genotype/search_space.h"

namespace sanas {

/// The rule of DARTS (darts-family §2.3): per node the two incoming edges with the strongest
/// operation other than `none`, each with that operation, the stronger edge first. Ties go to the
/// smaller source and to the smaller column.
/// @param weights edges × operations: softmax of the alphas; for PC-DARTS times the edge's beta.
///        Compared as float32, as in the original.
CellGenotype derive_darts_cell(const EdgeCandidates& candidates, const CellTopology& topology,
                               const torch::Tensor& weights);

/// How sure derive_darts_cell is of its weakest choice: the smallest difference, over all nodes,
/// between the second and the third strongest edge, and over the chosen edges between the strongest
/// and the second operation. 0 means that a tie decided.
double derivation_margin(const EdgeCandidates& candidates, const CellTopology& topology,
                         const torch::Tensor& weights);

/// The rule of PR-DARTS (darts-family §9.5): per node the two strongest pairs of an operation other
/// than `none` and a source, the stronger first; both may come from the same edge. Ties go to the
/// smaller source, then to the smaller column.
/// @param weights edges × operations: softmax of the alphas, compared as float32.
CellGenotype derive_prdarts_cell(const EdgeCandidates& candidates, const CellTopology& topology,
                                 const torch::Tensor& weights);

/// The smallest difference, over all nodes, between the second and the third strongest pair.
double prdarts_derivation_margin(const EdgeCandidates& candidates, const CellTopology& topology,
                                 const torch::Tensor& weights);

}  // namespace sanas
