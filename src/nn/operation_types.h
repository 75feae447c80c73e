// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operations that cells are built of, one class each (darts-family §1). Their layers are typed
// members, so that who finds an operation in a network can look into it; the state-dict names are
// those of the original code.

#include <torch/nn.h>

#include "sanas/nn/operations.h"

namespace sanas {

/// The pixels that a convolution or a pooling looks at for one pixel of its output: `kernel` rows
/// and columns of every `dilation`-th pixel, moved on by `stride`, with as much border as leaves
/// the size at stride 1 as it is.
struct Window {
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t dilation = 1;

  int64_t padding() const { return dilation * (kernel - 1) / 2; }
};

/// ReLU → depthwise convolution → 1×1 convolution → batch norm, C channels in and out: what the
/// separable operations are made of.
class SeparableStage {
 public:
  SeparableStage(int64_t channels, const Window& window, const OperationOptions& options);

  /// Gives `parent` the three layers as children whose names are numbers from `number` on.
  void register_in(torch::nn::Module& parent, int number) const;

  /// N×C×H×W to N×C×ceil(H/stride)×ceil(W/stride).
  torch::Tensor forward(const torch::Tensor& x);

  const Window& window() const { return window_; }
  const Convolution& depthwise() const { return depthwise_; }
  const Convolution& pointwise() const { return pointwise_; }
  const BatchNorm& norm() const { return norm_; }

 private:
  Window window_;
  Convolution depthwise_;
  Convolution pointwise_;
  BatchNorm norm_;
};

/// sep_conv_KxK: two separable stages, of which the first has the stride. State dict: op.1 to op.3
/// and op.5 to op.7.
class SepConv : public Operation {
 public:
  SepConv(int64_t channels, int64_t kernel, int64_t stride, const OperationOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override;

  int64_t kernel() const { return first_.window().kernel; }
  int64_t stride() const { return first_.window().stride; }
  const SeparableStage& first() const { return first_; }
  const SeparableStage& second() const { return second_; }

 private:
  SeparableStage first_;
  SeparableStage second_;
};

/// dil_conv_KxK: one separable stage, every second pixel of it. State dict: op.1 to op.3.
class DilConv : public Operation {
 public:
  DilConv(int64_t channels, int64_t kernel, int64_t stride, const OperationOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override { return stage_.forward(x); }

  int64_t kernel() const { return stage_.window().kernel; }
  int64_t stride() const { return stage_.window().stride; }
  int64_t dilation() const { return stage_.window().dilation; }
  const SeparableStage& stage() const { return stage_; }

 private:
  SeparableStage stage_;
};

/// conv_7x1_1x7: ReLU → 1×7 convolution with the stride of the columns → 7×1 convolution with that
/// of the rows → batch norm. State dict: 1, 2, 3.
class Conv7x1_1x7 : public Operation {
 public:
  Conv7x1_1x7(int64_t channels, int64_t stride, const OperationOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override;

  int64_t stride() const { return stride_; }
  const Convolution& along_row() const { return along_row_; }
  const Convolution& along_column() const { return along_column_; }
  const BatchNorm& norm() const { return norm_; }

 private:
  int64_t stride_;
  Convolution along_row_;
  Convolution along_column_;
  BatchNorm norm_;
};

/// max_pool_3x3 and avg_pool_3x3; pixels of the border do not count. State dict: the batch norm,
/// where there is one, is 1.
class Pool : public Operation {
 public:
  enum class Kind { kMax, kAverage };

  Pool(Kind kind, int64_t channels, int64_t stride, const OperationOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override;

  Kind kind() const { return kind_; }
  const Window& window() const { return window_; }
  /// Empty in discrete networks, see OperationOptions::pool_batch_norm.
  const BatchNorm& norm() const { return norm_; }

 private:
  Kind kind_;
  Window window_;
  BatchNorm norm_{nullptr};
};

/// ReLU → 1×1 convolution → batch norm: brings a cell's input to the cell's width. State dict: op.1
/// and op.2.
class ReluConvBn : public Operation {
 public:
  ReluConvBn(int64_t in_channels, int64_t out_channels, const OperationOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override;

  const Convolution& convolution() const { return convolution_; }
  const BatchNorm& norm() const { return norm_; }

 private:
  Convolution convolution_;
  BatchNorm norm_;
};

/// skip_connect of stride 2: ReLU → two 1×1 convolutions of stride 2, the second one shifted by a
/// pixel, side by side → batch norm. Halves height and width; throws DataError in forward on odd
/// sizes unless they are padded. State dict: conv_1, conv_2, bn.
class FactorizedReduce : public Operation {
 public:
  /// @param out_channels must be even.
  FactorizedReduce(int64_t in_channels, int64_t out_channels, const OperationOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override;

  OddSize odd_size() const { return odd_size_; }
  const Convolution& unshifted() const { return unshifted_; }
  const Convolution& shifted() const { return shifted_; }
  const BatchNorm& norm() const { return norm_; }

 private:
  OddSize odd_size_;
  Convolution unshifted_{nullptr};
  Convolution shifted_{nullptr};
  BatchNorm norm_{nullptr};
};

/// skip_connect of stride 1: the input itself, not a copy.
class Identity : public Operation {
 public:
  torch::Tensor forward(const torch::Tensor& x) override { return x; }
  bool is_identity() const override { return true; }
};

/// none: zeros, see ZeroVariant.
class Zero : public Operation {
 public:
  Zero(int64_t stride, const OperationOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override;

  int64_t stride() const { return stride_; }
  ZeroVariant variant() const { return variant_; }

 private:
  int64_t stride_;
  ZeroVariant variant_;
  OddSize odd_size_;
};

/// noise: N(0, 1) in the shape of the strided input, drawn anew in every forward pass (method §10).
class Noise : public Operation {
 public:
  explicit Noise(int64_t stride) : stride_(stride) {}
  torch::Tensor forward(const torch::Tensor& x) override;
  bool is_random() const override { return true; }

  int64_t stride() const { return stride_; }

 private:
  int64_t stride_;
};

}  // namespace sanas
