// SPDX-License-Identifier: Apache-2.0
#pragma once

// The twin of the fused kernels: the same fan of LibTorch's operators on N×C×H×W tensors.

#include <torch/torch.h>

#include <string>
#include <vector>

#include "kernels/fan.h"
#include "sanas/kernels/blocked_tensor.h"

namespace sanas::kernels {

inline torch::Tensor composed_norm(const torch::Tensor& y, const NormSpec& norm,
                                   const std::vector<torch::Tensor>& parameters) {
  const auto parameter = [&](int number) {
    return number == kNone ? torch::Tensor() : parameters[static_cast<size_t>(number)];
  };
  return torch::batch_norm(y, parameter(norm.scale), parameter(norm.shift), norm.running_mean,
                           norm.running_variance, norm.of_batch, norm.momentum, norm.eps,
                           /*cudnn_enabled=*/false);
}

inline torch::Tensor composed_convolution(const torch::Tensor& input, bool rectified,
                                          const ConvolutionSpec& spec,
                                          const std::vector<torch::Tensor>& parameters) {
  using torch::indexing::None;
  using torch::indexing::Slice;
  const auto x = rectified ? torch::relu(input) : input;
  const auto& pointwise = parameters[static_cast<size_t>(spec.pointwise)];
  if (spec.shape.gather == Gather::kTwoGrids) {
    const auto padded = torch::constant_pad_nd(x, {0, x.size(3) % 2, 0, x.size(2) % 2});
    const auto moved = padded.index({Slice(), Slice(), Slice(1, None), Slice(1, None)});
    const auto& shifted = parameters[static_cast<size_t>(spec.shifted_pointwise)];
    return torch::cat({torch::conv2d(x, pointwise, {}, 2), torch::conv2d(moved, shifted, {}, 2)},
                      1);
  }
  if (spec.shape.gather == Gather::kDirect) {
    return torch::conv2d(x, pointwise);
  }
  if (spec.shape.gather == Gather::kPatches) {
    return torch::conv2d(x, pointwise, {}, spec.shape.stride, spec.shape.radius());
  }
  const auto& depthwise = parameters[static_cast<size_t>(spec.depthwise)];
  return torch::conv2d(torch::conv2d(x, depthwise, {}, spec.shape.stride, spec.shape.radius(),
                                     spec.shape.dilation, depthwise.size(0)),
                       pointwise);
}

/// The targets of the fan, N×C×H×W like the source and the starts.
inline std::vector<torch::Tensor> composed_fan(const FanSpec& spec, const torch::Tensor& source,
                                               const std::vector<torch::Tensor>& starts,
                                               const std::vector<torch::Tensor>& parameters) {
  std::vector<torch::Tensor> normalized;
  for (const auto& convolution : spec.convolutions) {
    const auto& input =
        convolution.input == kNone ? source : normalized[static_cast<size_t>(convolution.input)];
    const bool rectified = spec.rectified || convolution.input != kNone;
    normalized.push_back(
        composed_norm(composed_convolution(input, rectified, convolution, parameters),
                      convolution.norm, parameters));
  }
  std::vector<torch::Tensor> targets = starts;
  targets.resize(static_cast<size_t>(spec.targets));
  for (const auto& term : spec.terms) {
    torch::Tensor y = source;
    if (term.convolution != kNone) {
      y = normalized[static_cast<size_t>(term.convolution)];
    } else if (term.pool != kNone) {
      y = spec.pools[static_cast<size_t>(term.pool)] == PoolKind::kMax
              ? torch::max_pool2d(source, 3, spec.stride, 1)
              : torch::avg_pool2d(source, 3, spec.stride, 1, false, false);
      if (term.pool_norm) {
        y = composed_norm(y, *term.pool_norm, parameters);
      }
    }
    if (term.factors.defined()) {
      y = y * term.factors.view({-1, 1, 1, 1});
    }
    if (term.weight != kNone) {
      y = y * parameters[static_cast<size_t>(term.weight)];
    }
    auto& target = targets[static_cast<size_t>(term.target)];
    target = target.defined() ? target + y : y;
  }
  return targets;
}

}  // namespace sanas::kernels
