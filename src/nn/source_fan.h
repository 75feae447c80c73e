// SPDX-License-Identifier: Apache-2.0
#pragma once

// All operations that leave a state of a cell, computed together.

#include <torch/nn.h>
#include <torch/types.h>

#include <string>
#include <vector>

#include "kernels/fan_spec.h"
#include "nn/operation_types.h"
#include "sanas/kernels/blocked_tensor.h"

namespace sanas {

/// Whether an operation runs on kernels now. A dropout on skips does where its rate is zero.
bool has_kernel(const Operation& operation);

/// Which of a network's operations have no kernel, for the log: "2 × Noise, 4 × SkipDropout", by
/// class; empty if all have one.
std::string composed_operations(const torch::nn::Module& network);

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

  /// Lets all operations see the state as it is, instead of through a ReLU.
  void read_as_it_is() { spec_.rectified = false; }

  /// Adds a full convolution of the state and its batch norm to the sum of node `node`.
  void add(size_t node, const Convolution& convolution, const BatchNorm& norm);

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

  /// Puts `operation`, which has a kernel, into the specification.
  kernels::TermSpec describe(Operation& operation);
  /// @return its number.
  int add(kernels::ConvolutionSpec spec);
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
