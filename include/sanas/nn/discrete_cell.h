// SPDX-License-Identifier: Apache-2.0
#pragma once

// A cell with chosen operations, the building block of a discrete network.

#include <torch/nn.h>

#include <memory>
#include <vector>

#include "sanas/genotype/genotype.h"
#include "sanas/nn/cell_frame.h"
#include "sanas/nn/operations.h"

namespace sanas {

/// The two preprocessing operations of a cell: both inputs come out with `place.channels` channels
/// and the size of the previous cell's output.
std::pair<std::shared_ptr<Operation>, std::shared_ptr<Operation>> make_preprocessing(
    const CellPlace& place, const OperationOptions& options);

/// A cell with chosen operations (darts-family §5.1). Children are named preprocess0, preprocess1
/// and _ops.K, K in genotype order.
class DiscreteCell : public torch::nn::Module {
 public:
  DiscreteCell(const CellGenotype& genotype, const CellPlace& place,
               const OperationOptions& options);

  /// @param s0,s1 outputs of cells k−2 and k−1.
  /// @param drop_path_probability applied in training mode to every operation but the identity.
  /// @return N × (channels · size of the concat) × H × W.
  torch::Tensor forward(const torch::Tensor& s0, const torch::Tensor& s1,
                        double drop_path_probability);

  /// The same on fused kernels; each state of the concat is a segment of the result.
  kernels::BlockedTensor forward(const kernels::BlockedTensor& s0, const kernels::BlockedTensor& s1,
                                 double drop_path_probability);

  int64_t output_channels() const { return output_channels_; }
  /// In genotype order.
  const std::vector<std::shared_ptr<Operation>>& operations() const { return operations_; }

 private:
  /// Whether drop-path is applied to an operation.
  bool drops(size_t operation, double probability) const;
  /// Drop-path's factors of all operations, drawn in their order; undefined: 1.
  std::vector<torch::Tensor> draw_factors(const torch::Tensor& like, double probability) const;

  CellGenotype genotype_;
  int64_t channels_;
  bool reduction_;
  int64_t output_channels_;
  std::shared_ptr<Operation> preprocess0_;
  std::shared_ptr<Operation> preprocess1_;
  std::vector<std::shared_ptr<Operation>> operations_;
};

}  // namespace sanas
