// SPDX-License-Identifier: Apache-2.0
#pragma once

// The architecture variables, shared by the search networks that are built on them.

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "sanas/core/parameters.h"
#include "sanas/genotype/search_space.h"

namespace sanas {

/// The architecture variables A, shared by all supernets that are built on this object. They are no
/// parameters of any module: `supernet.parameters()` is W and only W.
class ArchParameters {
 public:
  /// Draws alphas (edges × operations, one tensor per cell type) and, with `edge_weights`, betas
  /// (one per edge and cell type, PC-DARTS) from init_std · N(0, 1).
  ArchParameters(const SearchSpace& space, double init_std, bool edge_weights = false);

  /// Normal or reduction cells.
  const torch::Tensor& alphas(bool reduction) const { return alphas_[reduction ? 1 : 0]; }
  /// Undefined where there are none.
  const torch::Tensor& betas(bool reduction) const { return betas_[reduction ? 1 : 0]; }
  bool has_betas() const { return betas_[0].defined(); }

  /// Alphas of normal, alphas of reduction cells, then the betas in the same order.
  TensorList tensors() const;
  /// "alphas_normal", "alphas_reduce", "betas_normal", "betas_reduce", in the order of `tensors`.
  std::vector<std::pair<std::string, torch::Tensor>> named_tensors() const;

  /// Copies values in, from the order of `tensors`. Throws FileError on a wrong shape.
  void assign(const TensorList& values);
  /// Moves all tensors to a device and type.
  void to(const torch::Device& device, torch::Dtype dtype);

 private:
  torch::Tensor alphas_[2];
  torch::Tensor betas_[2];
};

}  // namespace sanas
