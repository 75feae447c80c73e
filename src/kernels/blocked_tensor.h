// SPDX-License-Identifier: Apache-2.0
#pragma once

// The layout of the kernels: kLanes channels of a pixel side by side.

#include <torch/types.h>

#include "kernels/fan_spec.h"

namespace sanas::kernels {

/// A tensor in blocks of channels.
struct BlockedTensor {
  /// N × layout.blocks() × H × W × kLanes.
  torch::Tensor data;
  ChannelLayout layout;
};

/// From N×C×H×W, C = layout.total(); lanes that are not in use become zero. Differentiable any number
/// of times, like from_blocked.
BlockedTensor to_blocked(const torch::Tensor& x, const ChannelLayout& layout);

/// N×C×H×W.
torch::Tensor from_blocked(const BlockedTensor& x);

/// Side by side as segments. @param parts of one segment each, all of the same layout.
BlockedTensor concatenate(const std::vector<BlockedTensor>& parts);

}  // namespace sanas::kernels
