// SPDX-License-Identifier: Apache-2.0
#pragma once

// All candidate operations of an edge, added up with their weights.

#include <torch/nn.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sanas/nn/operations.h"

namespace sanas {

class SourceFan;

/// Builds one candidate: primitive, channels, stride, options.
using OperationMaker =
    std::function<std::shared_ptr<Operation>(Primitive, int64_t, int64_t, const OperationOptions&)>;

/// All candidate operations of an edge side by side; the children are named <list name>.K.
class MixedOperation : public torch::nn::Module {
 public:
  /// @param stride 1 or 2.
  /// @param options also say whether `none` is computed (see ZeroVariant).
  MixedOperation(const std::vector<Primitive>& candidates, int64_t channels, int64_t stride,
                 const OperationOptions& options, const std::string& list_name = "_ops",
                 const OperationMaker& make = make_operation);

  /// Σ_k weights[k] · op_k(x), summed in candidate order.
  /// @param weights one 0-dimensional tensor per candidate; an undefined one leaves its operation
  ///        out of the sum, and out of the computation. At least one must be defined.
  /// Throws DataError for a stride of 2 on odd sizes unless these are padded.
  virtual torch::Tensor forward(const torch::Tensor& x, const std::vector<torch::Tensor>& weights);

  /// Adds the same to the sum of a node on fused kernels.
  void add_to(SourceFan& fan, size_t node, const std::vector<torch::Tensor>& weights);

  const std::vector<Primitive>& candidates() const { return candidates_; }
  const std::vector<std::shared_ptr<Operation>>& operations() const { return operations_; }
  int64_t stride() const { return stride_; }
  const OperationOptions& options() const { return options_; }

 private:
  void check_count(const std::vector<torch::Tensor>& weights) const;
  /// `none` where it is not computed.
  bool is_left_out(size_t candidate) const;

  std::vector<Primitive> candidates_;
  int64_t stride_;
  OperationOptions options_;
  std::vector<std::shared_ptr<Operation>> operations_;
};

}  // namespace sanas
