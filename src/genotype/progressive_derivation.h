// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <vector>

#include "sanas/genotype/genotype.h"
#include "sanas/genotype/search_space.h"

namespace sanas {

/// What a stage of P-DARTS does with `none` when it drops operations (darts-family §7.4): treat it
/// like any other operation (all stages but the last), or drop it before all others (the last).
enum class DropOrder { kWeakestFirst, kNoneFirst };

/// The space of the next P-DARTS stage: every edge of both cells keeps its `keep` strongest
/// operations, in their old order (darts-family §7.4). Among equals the lowest column goes first.
/// @param normal_weights,reduce_weights edges × operations: softmax of the alphas, compared as
///        float32.
/// Throws ConfigError unless 1 ≤ keep ≤ operations of the space.
SearchSpace drop_operations(const SearchSpace& space, const torch::Tensor& normal_weights,
                            const torch::Tensor& reduce_weights, int64_t keep,
                            DropOrder order = DropOrder::kWeakestFirst);

/// A final architecture of P-DARTS under a limit on the skip connections of its normal cell.
struct SkipLimitedGenotype {
  /// The limit T of darts-family §7.6.
  int max_skips = 0;
  Genotype genotype;
  /// False where the limit could not be met because the weakest skip has weight 0 already (its
  /// softmax underflowed): the original would never end, here the genotype reached so far stands.
  bool reached = true;
};

/// The final choice of P-DARTS (darts-family §7.5) and its skip restriction (§7.6): first the
/// genotype without a limit (max_skips is its number of skips), then one for every limit from one
/// less down to 0. One operation per edge survives, never `none` where there is another; node 0
/// keeps its two edges, later nodes their two strongest; ties go to the higher column and the
/// larger source; the genes of a node are in source order. The reduction cell is the same in all.
/// @param normal_weights,reduce_weights as above, of the last stage.
std::vector<SkipLimitedGenotype> derive_pdarts(const SearchSpace& space,
                                               const torch::Tensor& normal_weights,
                                               const torch::Tensor& reduce_weights);

/// The product of a P-DARTS search: of `genotypes` from derive_pdarts the one with that limit, or
/// the first one where that has fewer skips anyway.
const SkipLimitedGenotype& with_skip_limit(const std::vector<SkipLimitedGenotype>& genotypes,
                                           int max_skips);

/// How sure derive_pdarts is of its weakest choice under the limit `max_skips`: the smallest
/// difference between the kept and the next operation of a kept edge, between the second and the
/// third edge of a node, and between the weakest and the next skip where one is removed.
double pdarts_derivation_margin(const SearchSpace& space, const torch::Tensor& normal_weights,
                                const torch::Tensor& reduce_weights, int max_skips);

}  // namespace sanas
