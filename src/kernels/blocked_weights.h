// SPDX-License-Identifier: Apache-2.0
#pragma once

// Weights of convolutions in the order in which the kernels read them, and their gradients back.

#include <torch/types.h>

#include <vector>

#include "kernels/fan_spec.h"

namespace sanas::kernels {

/// Which channel lies in which lane: the channel of each lane of each block, −1 where there is
/// none.
std::vector<int64_t> lane_channels(const ChannelLayout& layout);

/// How many lanes of each block are in use.
std::vector<int> used_lanes(const ChannelLayout& layout);

/// C×1×k×k to blocks × k² × lanes.
template <typename T>
void pack_depthwise(const torch::Tensor& weight, const std::vector<int64_t>& lanes, T* packed);
/// The way back, of the sum over `groups` of such arrays, of which the first is overwritten, into
/// contiguous tensors.
template <typename T>
void unpack_depthwise(T* packed, int64_t groups, const std::vector<int64_t>& lanes,
                      const torch::Tensor& weight);

/// A matrix of the pointwise weights of one or more grids: rows are lanes of what goes in (of all
/// grids one behind the other), columns those of what comes out.
struct PointwiseLanes {
  std::vector<int64_t> in;  ///< of one grid
  std::vector<int64_t> out;
  int64_t grids = 1;

  int64_t rows() const { return static_cast<int64_t>(in.size()) * grids; }
  int64_t columns() const { return static_cast<int64_t>(out.size()); }
};

/// @param weights one K×C×k×k, with a grid for each tap; or K/2×C×1×1 for each of two grids, whose
///        outputs lie side by side. @param transposed the same with
///        rows and columns swapped; or null.
template <typename T>
void pack_pointwise(const std::vector<torch::Tensor>& weights, const PointwiseLanes& lanes,
                    T* packed, T* transposed);
template <typename T>
void unpack_pointwise(T* packed, int64_t groups, const PointwiseLanes& lanes,
                      const std::vector<torch::Tensor>& weights);

}  // namespace sanas::kernels
