// SPDX-License-Identifier: Apache-2.0
#pragma once

// The layout in which the fused kernels keep what cells compute: 16 channels of a pixel side by
// side.

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace sanas::kernels {

/// Channels of a blocked tensor: `segments` runs of `channels` each, every one padded to whole
/// blocks of 16. What a cell puts side by side are segments.
struct ChannelLayout {
  int64_t channels = 0;
  int64_t segments = 1;

  int64_t total() const { return channels * segments; }
  /// Blocks of one segment, and of all.
  int64_t segment_blocks() const;
  int64_t blocks() const { return segment_blocks() * segments; }
};

/// A tensor in blocks of channels.
struct BlockedTensor {
  /// N × layout.blocks() × H × W × 16.
  torch::Tensor data;
  ChannelLayout layout;
};

/// From N×C×H×W, C = layout.total(); lanes that are not in use become zero. Differentiable any
/// number of times, like from_blocked.
BlockedTensor to_blocked(const torch::Tensor& x, const ChannelLayout& layout);

/// To N×C×H×W.
torch::Tensor from_blocked(const BlockedTensor& x);

/// Side by side as segments. @param parts of one segment each, all of the same channels and size.
BlockedTensor concatenate(const std::vector<BlockedTensor>& parts);

}  // namespace sanas::kernels
