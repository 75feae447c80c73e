// SPDX-License-Identifier: Apache-2.0
#pragma once

// LibTorch's convolution, with fast derivatives of second and higher order.

#include <torch/nn.h>

namespace sanas {

/// Where a convolution looks: rows, columns.
struct ConvolutionGeometry {
  std::vector<int64_t> stride;
  std::vector<int64_t> padding;
  std::vector<int64_t> dilation;
  int64_t groups = 1;
};

/// LibTorch's conv2d without bias, bit for bit, whose derivatives of second and higher order are
/// convolutions again: LibTorch takes them group by group through transposed copies, several times
/// slower, and they are what an exact hypergradient spends its time on.
/// @param x N×C×H×W. @param weight K×(C/groups)×h×w.
torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight,
                          const ConvolutionGeometry& geometry);

/// torch::nn::Conv2d without bias, computed by `convolution`.
class ConvolutionImpl : public torch::nn::Conv2dImpl {
 public:
  explicit ConvolutionImpl(const torch::nn::Conv2dOptions& options);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  ConvolutionGeometry geometry_;
};
TORCH_MODULE(Convolution);

}  // namespace sanas
