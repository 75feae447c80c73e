// SPDX-License-Identifier: Apache-2.0
#pragma once

// Depthwise convolutions of one block of channels, row by row. Strides, dilations and the way back
// differ in nothing but where the taps lie.

#include "kernels/fan_arrays.h"
#include "kernels/sets/lanes.h"

namespace sanas::kernels::SANAS_INSTRUCTION_SET {

/// The largest kernel, 7×7.
inline constexpr int64_t kMostTaps = 49;

/// Which input pixels meet which weights for the pixels of a row.
struct Taps {
  struct Tap {
    ptrdiff_t input;   ///< from the first pixel on
    ptrdiff_t weight;  ///< from the first weight on
  };
  Tap list[kMostTaps];
  int count = 0;

  void add(int64_t pixel, int64_t weight) {
    list[count++] = {static_cast<ptrdiff_t>(pixel * kLanes),
                     static_cast<ptrdiff_t>(weight * kLanes)};
  }
};

/// Pixels of a row that lie `step` apart.
struct RowStep {
  int64_t count = 0;
  int64_t input = 1;
  int64_t output = 1;
};

/// What row `row` of the output is made of. @param width columns of the input with its border.
inline Taps taps_of_output(const ConvolutionShape& shape, PlaneSize in, int64_t border,
                           int64_t row) {
  Taps taps;
  const int64_t width = in.width + 2 * border;
  for (int64_t i = 0; i < shape.kernel; ++i) {
    const int64_t from = row * shape.stride + i * shape.dilation - shape.radius();
    if (from < 0 || from >= in.height) {
      continue;
    }
    for (int64_t j = 0; j < shape.kernel; ++j) {
      taps.add(from * width + border + j * shape.dilation - shape.radius(), i * shape.kernel + j);
    }
  }
  return taps;
}

/// Which gradients at the output meet in row `row` of the input, in its columns phase, phase +
/// stride, ….
inline Taps taps_of_input(const ConvolutionShape& shape, PlaneSize out, int64_t border, int64_t row,
                          int64_t phase) {
  Taps taps;
  const int64_t width = out.width + 2 * border;
  const auto reaches = [&shape](int64_t at, int64_t tap) {
    return (at + shape.radius() - tap * shape.dilation) % shape.stride == 0;
  };
  for (int64_t i = 0; i < shape.kernel; ++i) {
    const int64_t from = row + shape.radius() - i * shape.dilation;
    if (from < 0 || !reaches(row, i) || from / shape.stride >= out.height) {
      continue;
    }
    for (int64_t j = 0; j < shape.kernel; ++j) {
      if (reaches(phase, j)) {
        taps.add(from / shape.stride * width + border +
                     (phase + shape.radius() - j * shape.dilation) / shape.stride,
                 i * shape.kernel + j);
      }
    }
  }
  return taps;
}

template <typename S, bool kAdd, int kPixels>
SANAS_ALWAYS_INLINE void depthwise_pixels(const Taps& taps, Array<S> input, Array<S> weights,
                                          Array<S> output, const RowStep& step) {
  Vector<S> sums[kPixels];
  SANAS_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    sums[p] = kAdd ? load(output + p * step.output * kLanes) : zero<S>();
  }
  for (int t = 0; t < taps.count; ++t) {
    const Vector<S> weight = load(weights + taps.list[t].weight);
    const Array<S> from = input + taps.list[t].input;
    SANAS_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      sums[p] = sums[p] + load(from + p * step.input * kLanes) * weight;
    }
  }
  SANAS_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    store(output + p * step.output * kLanes, sums[p]);
  }
}

/// A row of output pixels, written or, with kAdd, added to what is there.
template <typename S, bool kAdd>
void depthwise_row(const Taps& taps, Array<S> input, Array<S> weights, Array<S> output,
                   const RowStep& step) {
  in_tiles<tile<S>(8), 8, 4, 2, 1>(step.count, [&]<int kPixels>(int64_t p) SANAS_INLINE_LAMBDA {
    depthwise_pixels<S, kAdd, kPixels>(taps, input + p * step.input * kLanes, weights,
                                       output + p * step.output * kLanes, step);
  });
}

/// Adds what one row of gradients at the output says of the weights of one row of the kernel.
/// @param input at the pixel that the first tap meets first. @param gradient a row, pixel by pixel.
template <typename S, int kKernel>
SANAS_ALWAYS_INLINE void depthwise_weight_row(Array<S> input, Array<S> gradient, Array<S> sums,
                                              const RowStep& step, int64_t dilation) {
  constexpr int kChains = kRegisters<S> >= 2 * kKernel + 2 ? 2 : 1;  // to hide the adder's latency
  Vector<S> chains[kChains][kKernel];
  SANAS_UNROLL
  for (int j = 0; j < kKernel; ++j) {
    chains[0][j] = load(sums + j * kLanes);
    if constexpr (kChains > 1) {
      chains[1][j] = zero<S>();
    }
  }
  const auto meet = [&]<int kChain>(int64_t p) SANAS_INLINE_LAMBDA {
    const Vector<S> g = load(gradient + p * kLanes);
    const Array<S> from = input + p * step.input * kLanes;
    SANAS_UNROLL
    for (int j = 0; j < kKernel; ++j) {
      chains[kChain][j] = chains[kChain][j] + load(from + j * dilation * kLanes) * g;
    }
  };
  int64_t p = 0;
  for (; p + kChains <= step.count; p += kChains) {
    meet.template operator()<0>(p);
    if constexpr (kChains > 1) {
      meet.template operator()<1>(p + 1);
    }
  }
  for (; p < step.count; ++p) {
    meet.template operator()<0>(p);
  }
  SANAS_UNROLL
  for (int j = 0; j < kKernel; ++j) {
    store(sums + j * kLanes, kChains > 1 ? chains[0][j] + chains[kChains - 1][j] : chains[0][j]);
  }
}

}  // namespace sanas::kernels::SANAS_INSTRUCTION_SET
