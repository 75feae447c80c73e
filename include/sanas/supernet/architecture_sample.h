// SPDX-License-Identifier: Apache-2.0
#pragma once

// What one forward pass of a search network uses of the architecture.

#include <torch/types.h>

#include <vector>

namespace sanas {

/// Weights of all operations of all edges of a cell: [edge][operation], 0-dimensional tensors.
/// Undefined ones leave their operation out.
using OperationWeights = std::vector<std::vector<torch::Tensor>>;

/// Splits an edges × operations tensor into single weights.
OperationWeights split_weights(const torch::Tensor& weights);

/// Which operations the weights leave in: edges × operations, 1 where one is in use and 0
/// elsewhere, double on the CPU.
torch::Tensor mask_of(const OperationWeights& weights);

/// What a cell needs to know of the architecture in one forward pass.
struct CellWeights {
  OperationWeights operations;
  /// Factor of each whole edge (PC-DARTS); empty: 1.
  std::vector<torch::Tensor> edges;

  /// The weights of an edge's operations times its factor.
  std::vector<torch::Tensor> of_edge(size_t edge) const;
};

/// What one forward pass uses of the architecture: a function of the architecture variables, and in
/// PR-DARTS of random gates.
struct ArchitectureSample {
  CellWeights normal;
  CellWeights reduce;
};

}  // namespace sanas
