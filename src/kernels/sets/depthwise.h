// SPDX-License-Identifier: Apache-2.0
#pragma once

// Depthwise convolutions of one block of channels, row by row. Strides, dilations and the way back
// differ in nothing but where the taps lie.

#include "kernels/fan_arrays.h"
#include "kernels/sets/lanes.h"

namespace sanas::kernels::SANAS_INSTRUCTION_SET {

/// Which input pixel meets which weight.
struct Tap {
  ptrdiff_t input;   ///< from the first pixel of the row on
  ptrdiff_t weight;  ///< from the first weight on
};

/// Some taps one behind the other.
struct TapRange {
  const Tap* first;
  int count;
};

/// Which input pixels meet which weights for the pixels of a row, by rows of the kernel.
struct Taps {
  static constexpr int kMostRows = 7;

  Tap list[kMostRows * kMostRows];
  /// The row of the input that a row of the kernel meets, from the first pixel's on.
  int64_t row_of[kMostRows];
  int rows = 0;
  int count = 0;

  void add(int64_t pixel, int64_t weight) {
    list[count++] = {static_cast<ptrdiff_t>(pixel * kLanes),
                     static_cast<ptrdiff_t>(weight * kLanes)};
  }

  /// Those that meet rows of the input, where the first pixel's row is `row` of `height`.
  TapRange inside(int64_t row, int64_t height) const {
    const auto meets = [&](int i) { return row + row_of[i] >= 0 && row + row_of[i] < height; };
    int first = 0;
    int end = rows;
    while (first < end && !meets(first)) {
      ++first;
    }
    while (end > first && !meets(end - 1)) {
      --end;
    }
    const int each = rows > 0 ? count / rows : 0;
    return {list + first * each, (end - first) * each};
  }
};

/// Pixels of a row that lie `step` apart.
struct RowStep {
  int64_t count = 0;
  int64_t input = 1;
  int64_t output = 1;
};

/// What rows of the output are made of; row i begins at row i · stride of the input.
/// @param width columns of the input with its border.
inline Taps taps_of_output(const ConvolutionShape& shape, int64_t width, int64_t border) {
  Taps taps;
  for (int64_t i = 0; i < shape.kernel; ++i) {
    const int64_t row = i * shape.dilation - shape.radius();
    taps.row_of[taps.rows++] = row;
    for (int64_t j = 0; j < shape.kernel; ++j) {
      taps.add(row * width + border + j * shape.dilation - shape.radius(), i * shape.kernel + j);
    }
  }
  return taps;
}

/// Where the pixels of an input stand between those of the output, which lie `stride` apart.
struct Phase {
  int64_t row = 0;
  int64_t column = 0;
};

/// Which gradients at the output meet in the rows and columns phase, phase + stride, … of the
/// input; row i of the input begins at row i / stride of the output.
/// @param width columns of the output with its border.
inline Taps taps_of_input(const ConvolutionShape& shape, int64_t width, int64_t border,
                          const Phase& phase) {
  Taps taps;
  for (int64_t i = 0; i < shape.kernel; ++i) {
    const int64_t row = phase.row + shape.radius() - i * shape.dilation;
    if (row % shape.stride != 0) {
      continue;
    }
    taps.row_of[taps.rows++] = row / shape.stride;
    for (int64_t j = 0; j < shape.kernel; ++j) {
      const int64_t column = phase.column + shape.radius() - j * shape.dilation;
      if (column % shape.stride == 0) {
        taps.add(row / shape.stride * width + border + column / shape.stride, i * shape.kernel + j);
      }
    }
  }
  return taps;
}

template <typename S, bool kAdd, int kPixels>
SANAS_ALWAYS_INLINE void depthwise_pixels(const TapRange& taps, Array<S> input, Array<S> weights,
                                          Array<S> output, const RowStep& step) {
  Vector<S> sums[kPixels];
  SANAS_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    sums[p] = kAdd ? load(output + p * step.output * kLanes) : zero<S>();
  }
  for (int t = 0; t < taps.count; ++t) {
    const Vector<S> weight = load(weights + taps.first[t].weight);
    const Array<S> from = input + taps.first[t].input;
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
void depthwise_row(const TapRange& taps, Array<S> input, Array<S> weights, Array<S> output,
                   const RowStep& step) {
  in_tiles<tile<S>(16), 16, 8, 4, 2, 1>(
      step.count, [&]<int kPixels>(int64_t p) SANAS_INLINE_LAMBDA {
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
