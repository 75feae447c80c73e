// SPDX-License-Identifier: Apache-2.0
#pragma once

// The first layers of a network of cells, for images of the size of CIFAR or ImageNet.

#include <torch/nn.h>

#include <utility>
#include <vector>

#include "sanas/kernels/blocked_tensor.h"
#include "sanas/nn/batch_norm.h"
#include "sanas/nn/convolution.h"

namespace sanas {

/// Which stems and heads a network has: for images of about 32×32 or of 224×224 pixels.
enum class NetworkKind { kCifar, kImageNet };

/// What stands before the first cell (darts-family §2.1, §5.3), with affine batch norms. For CIFAR
/// the child `stem`, a 3×3 convolution; for ImageNet `stem0`, two of stride 2, and `stem1`, ReLU
/// and one more.
class Stem {
 public:
  /// Gives `network` the layers as children. @param channels of the outputs.
  Stem(torch::nn::Module& network, NetworkKind kind, int64_t channels);

  /// What the first cell takes for the outputs of two cells before it.
  /// @param x N×3×H×W. @return N×channels×H×W twice, the same tensor (CIFAR); or
  /// N×channels×ceil(H/4)×ceil(W/4) and half of that (ImageNet).
  std::pair<torch::Tensor, torch::Tensor> forward(const torch::Tensor& x);

  /// The same on fused kernels.
  std::pair<kernels::BlockedTensor, kernels::BlockedTensor> forward(
      const kernels::BlockedTensor& x);

  int64_t channels() const { return channels_; }
  /// Whether the second output is half the size of the first, as after a reduction cell.
  bool halves() const { return !second_.is_empty(); }

 private:
  /// A convolution of 3×3 pixels with its batch norm. All but the first see what is before them
  /// through a ReLU.
  struct Layer {
    Convolution convolution;
    BatchNorm norm;
    int64_t stride;
  };

  /// Makes a layer at the end of `children`.
  void add_layer(torch::nn::Sequential& children, int64_t in_channels, int64_t out_channels,
                 int64_t stride);

  int64_t channels_;
  torch::nn::Sequential first_;
  torch::nn::Sequential second_{nullptr};
  std::vector<Layer> layers_;
};

}  // namespace sanas
