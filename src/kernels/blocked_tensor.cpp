// SPDX-License-Identifier: Apache-2.0
#include "sanas/kernels/blocked_tensor.h"

#include <torch/autograd.h>

#include "kernels/array.h"

namespace sanas::kernels {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Passes a tensor on, and its gradient as N×C×H×W in this order. A gradient that comes back from
/// blocks has the strides of channels-last, with which LibTorch (2.11) takes a wrong gradient of a
/// batch norm in evaluation mode where there is one image.
struct ContiguousGradient : torch::autograd::Function<ContiguousGradient> {
  static torch::Tensor forward(AutogradContext* /*context*/, const torch::Tensor& x) {
    return x.alias();
  }
  static variable_list backward(AutogradContext* /*context*/, const variable_list& g) {
    return {g.front().contiguous()};
  }
};

}  // namespace

int64_t ChannelLayout::segment_blocks() const { return (channels + kLanes - 1) / kLanes; }

BlockedTensor to_blocked(const torch::Tensor& x, const ChannelLayout& layout) {
  const int64_t lanes = layout.segment_blocks() * kLanes;
  auto segments = ContiguousGradient::apply(x).reshape(
      {x.size(0), layout.segments, layout.channels, x.size(2), x.size(3)});
  if (lanes != layout.channels) {
    segments = torch::constant_pad_nd(segments, {0, 0, 0, 0, 0, lanes - layout.channels});
  }
  return {segments.reshape({x.size(0), layout.blocks(), kLanes, x.size(2), x.size(3)})
              .permute({0, 1, 3, 4, 2})
              .contiguous(),
          layout};
}

torch::Tensor from_blocked(const BlockedTensor& x) {
  const auto& [data, layout] = x;
  const int64_t lanes = layout.segment_blocks() * kLanes;
  return data.permute({0, 1, 4, 2, 3})
      .reshape({data.size(0), layout.segments, lanes, data.size(2), data.size(3)})
      .narrow(2, 0, layout.channels)
      .reshape({data.size(0), layout.total(), data.size(2), data.size(3)});
}

BlockedTensor concatenate(const std::vector<BlockedTensor>& parts) {
  std::vector<torch::Tensor> data;
  for (const auto& part : parts) {
    data.push_back(part.data);
  }
  return {torch::cat(data, 1), {parts.front().layout.channels, static_cast<int64_t>(parts.size())}};
}

}  // namespace sanas::kernels
