// SPDX-License-Identifier: Apache-2.0
#pragma once

// The regulariser of PR-DARTS.

#include <torch/types.h>

#include "sanas/genotype/search_space.h"
#include "sanas/supernet/prdarts_options.h"

namespace sanas {

/// q = σ(α − τ·ln(−a/b)): the probability that a gate is not zero (darts-family §9.3).
torch::Tensor gate_probability(const torch::Tensor& alphas, double temperature,
                               const PrdartsOptions& options);

/// The regulariser of PR-DARTS (darts-family §9.3), R = λ1·S + λ2·(Cn + Pl) − λ3·D, on the
/// operations in use: means of the gate probabilities of skips, of convolutions (with `none`) and
/// of pooling, each counted above the threshold, and the product of the mean gate probabilities of
/// convolutions along the longest chain of nodes.
class PathRegularizer {
 public:
  PathRegularizer(const SearchSpace& space, const PrdartsOptions& options);

  /// @param alphas_*,mask_* edges × operations; masks are 1 where an operation is in use.
  /// @return a scalar on the alphas' device.
  torch::Tensor operator()(const torch::Tensor& alphas_normal, const torch::Tensor& alphas_reduce,
                           const torch::Tensor& mask_normal, const torch::Tensor& mask_reduce,
                           double temperature) const;

 private:
  /// Indicators of the groups of one cell type: edges × operations, 1 for members.
  struct Groups {
    torch::Tensor skips;
    torch::Tensor pooling;
    torch::Tensor others;
    torch::Tensor convolutions;
  };
  static Groups make_groups(const EdgeCandidates& cell);
  torch::Tensor depth(const torch::Tensor& probability, const torch::Tensor& convolutions) const;

  PrdartsOptions options_;
  Groups normal_;
  Groups reduce_;
  /// Edges node 0 ← cell k−1, node 1 ← node 0, …
  torch::Tensor chain_;
};

}  // namespace sanas
