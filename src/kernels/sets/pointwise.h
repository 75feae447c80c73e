// SPDX-License-Identifier: Apache-2.0
#pragma once

// 1×1 convolutions over the pixels of a row: a product of matrices in blocked layout.

#include "kernels/sets/lanes.h"

namespace sanas::kernels::SANAS_INSTRUCTION_SET {

/// Rows of pixels, in blocks of channels that lie `stride` numbers apart.
template <typename S>
struct BlockRows {
  Array<S> start;
  int64_t stride = 0;
};

/// What goes in: `blocks` blocks, of which channels[b] channels are in use. What the others hold
/// does not matter, not even if it is not a number.
struct UsedChannels {
  int64_t blocks = 0;
  const int* channels = nullptr;
};

/// Blocks of output channels that are worked on together, at most.
template <typename S>
inline constexpr int kMostBlocks = tile<S>(4, 4);

/// out += in · weights for kPixels pixels and kBlocks blocks of output channels.
/// @param weights of these blocks: in channels × `row`.
template <typename S, bool kAdd, int kPixels, int kBlocks>
SANAS_ALWAYS_INLINE void pointwise_tile(const BlockRows<S>& in, const UsedChannels& used,
                                        Array<S> weights, int64_t row, const BlockRows<S>& out) {
  Vector<S> sums[kPixels][kBlocks];
  SANAS_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    SANAS_UNROLL
    for (int v = 0; v < kBlocks; ++v) {
      sums[p][v] = kAdd ? load(out.start + v * out.stride + p * kLanes) : zero<S>();
    }
  }
  for (int64_t b = 0; b < used.blocks; ++b) {
    const Array<S> pixels = in.start + b * in.stride;
    const Array<S> from = weights + b * kLanes * row;
    for (int c = 0; c < used.channels[b]; ++c) {
      Vector<S> weight[kBlocks];
      SANAS_UNROLL
      for (int v = 0; v < kBlocks; ++v) {
        weight[v] = load(from + c * row + v * kLanes);
      }
      SANAS_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const Vector<S> x = broadcast(pixels + p * kLanes + c);
        SANAS_UNROLL
        for (int v = 0; v < kBlocks; ++v) {
          sums[p][v] = sums[p][v] + x * weight[v];
        }
      }
    }
  }
  SANAS_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    SANAS_UNROLL
    for (int v = 0; v < kBlocks; ++v) {
      store(out.start + v * out.stride + p * kLanes, sums[p][v]);
    }
  }
}

template <typename S, bool kAdd, int kBlocks>
void pointwise_blocks(const BlockRows<S>& in, const UsedChannels& used, Array<S> weights,
                      int64_t row, const BlockRows<S>& out, int64_t count) {
  in_tiles<tile<S>(8, kBlocks), 8, 4, 2, 1>(count, [&]<int kPixels>(int64_t p) SANAS_INLINE_LAMBDA {
    pointwise_tile<S, kAdd, kPixels, kBlocks>({in.start + p * kLanes, in.stride}, used, weights,
                                              row, {out.start + p * kLanes, out.stride});
  });
}

/// `count` pixels of a 1×1 convolution to `blocks` blocks of channels, written or, with kAdd,
/// added.
/// @param weights in channels × out channels.
template <typename S, bool kAdd>
void pointwise_row(const BlockRows<S>& in, const UsedChannels& used, Array<S> weights,
                   const BlockRows<S>& out, int64_t blocks, int64_t count) {
  const int64_t row = blocks * kLanes;
  in_tiles<kMostBlocks<S>, 4, 3, 2, 1>(blocks, [&]<int kBlocks>(int64_t b) SANAS_INLINE_LAMBDA {
    pointwise_blocks<S, kAdd, kBlocks>(in, used, weights + b * kLanes, row,
                                       {out.start + b * out.stride, out.stride}, count);
  });
}

/// sums += Σ in[channel] · gradient over `count` pixels, for kChannels channels of the input.
template <typename S, int kChannels, int kBlocks>
SANAS_ALWAYS_INLINE void pointwise_weight_tile(Array<S> in, const BlockRows<S>& gradient,
                                               Array<S> sums, int64_t row, int64_t count) {
  Vector<S> tile[kChannels][kBlocks];
  SANAS_UNROLL
  for (int c = 0; c < kChannels; ++c) {
    SANAS_UNROLL
    for (int v = 0; v < kBlocks; ++v) {
      tile[c][v] = load(sums + c * row + v * kLanes);
    }
  }
  for (int64_t p = 0; p < count; ++p) {
    Vector<S> g[kBlocks];
    SANAS_UNROLL
    for (int v = 0; v < kBlocks; ++v) {
      g[v] = load(gradient.start + v * gradient.stride + p * kLanes);
    }
    SANAS_UNROLL
    for (int c = 0; c < kChannels; ++c) {
      const Vector<S> x = broadcast(in + p * kLanes + c);
      SANAS_UNROLL
      for (int v = 0; v < kBlocks; ++v) {
        tile[c][v] = tile[c][v] + x * g[v];
      }
    }
  }
  SANAS_UNROLL
  for (int c = 0; c < kChannels; ++c) {
    SANAS_UNROLL
    for (int v = 0; v < kBlocks; ++v) {
      store(sums + c * row + v * kLanes, tile[c][v]);
    }
  }
}

template <typename S, int kBlocks>
void pointwise_weight_blocks(const BlockRows<S>& in, const UsedChannels& used,
                             const BlockRows<S>& gradient, Array<S> sums, int64_t row,
                             int64_t count) {
  for (int64_t b = 0; b < used.blocks; ++b) {
    in_tiles<tile<S>(8, kBlocks), 8, 4, 2, 1>(
        used.channels[b], [&]<int kChannels>(int64_t c) SANAS_INLINE_LAMBDA {
          pointwise_weight_tile<S, kChannels, kBlocks>(in.start + b * in.stride + c, gradient,
                                                       sums + (b * kLanes + c) * row, row, count);
        });
  }
}

/// Adds what `count` pixels say of the weights, in channels × out channels.
template <typename S>
void pointwise_weight_row(const BlockRows<S>& in, const UsedChannels& used,
                          const BlockRows<S>& gradient, int64_t blocks, Array<S> sums,
                          int64_t count) {
  const int64_t row = blocks * kLanes;
  in_tiles<kMostBlocks<S>, 4, 3, 2, 1>(blocks, [&]<int kBlocks>(int64_t b) SANAS_INLINE_LAMBDA {
    pointwise_weight_blocks<S, kBlocks>(in, used,
                                        {gradient.start + b * gradient.stride, gradient.stride},
                                        sums + b * kLanes, row, count);
  });
}

}  // namespace sanas::kernels::SANAS_INSTRUCTION_SET
