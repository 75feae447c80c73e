// SPDX-License-Identifier: Apache-2.0
#pragma once

// All operations that leave a state of a cell, computed together.

#include <torch/types.h>

#include <vector>

#include "kernels/fan_spec.h"
#include "nn/operation_types.h"
#include "sanas/kernels/blocked_tensor.h"

namespace sanas {

/// Collects the operations that leave a state, and adds their outputs to the sums of the nodes that
/// they lead to. Operations with a kernel run in one fused computation, in which they share what
/// depends on the state alone; the others run composed, one by one. Batch norms take up the
/// statistics of this pass as in a forward pass of their own.
class SourceFan {
 public:
  /// @param state that all operations read. @param channels of the nodes. @param stride of all
  ///        operations. @param nodes how many sums there are.
  SourceFan(kernels::BlockedTensor state, int64_t channels, int64_t stride, size_t nodes);

  const kernels::BlockedTensor& state() const { return state_; }

  /// Adds `operation` to the sum of node `node`.
  /// @param weight 0-dimensional, or undefined: 1.
  /// @param factors one constant for each image, or undefined: 1.
  void add(size_t node, Operation& operation, const torch::Tensor& weight = {},
           const torch::Tensor& factors = {});

  /// @param starts of all sums; undefined: nothing yet. Sums to which nothing is added stay so.
  std::vector<kernels::BlockedTensor> sums(const std::vector<kernels::BlockedTensor>& starts);

 private:
  struct Composed {
    size_t node;
    Operation* operation;
    torch::Tensor weight;
    torch::Tensor factors;
  };

  /// Puts `operation` into the specification. @return false where there is no kernel for it.
  bool describe(Operation& operation, kernels::TermSpec& term);
  int stage(const SeparableStage& stage, int input);
  int pool(kernels::PoolKind kind);
  kernels::NormSpec norm(BatchNorm norm);
  int parameter(const torch::Tensor& tensor);
  /// Makes targets of those nodes that have terms. @return the node of each target.
  std::vector<size_t> number_targets();
  torch::Tensor compute(const Composed& one, const torch::Tensor& state) const;

  kernels::BlockedTensor state_;
  kernels::FanSpec spec_;
  std::vector<torch::Tensor> parameters_;
  std::vector<Composed> composed_;
};

}  // namespace sanas
