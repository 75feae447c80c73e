// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is done pixel by pixel with one block of channels of one image: rectified copies, sums for
// batch norms, sums of terms, and gradients through batch norms.

#include "kernels/fan_arrays.h"
#include "kernels/sets/lanes.h"

namespace sanas::kernels::SANAS_INSTRUCTION_SET {

template <typename S>
AffineArrays<S> at_block(const AffineArrays<S>& affine, int64_t block) {
  return {affine.scale + block * kLanes, affine.offset + block * kLanes};
}

/// Zeros left and right of `rows` rows, which copies between them leave alone.
template <typename S>
void clear_borders(Array<S> padded, int64_t rows, int64_t width, int64_t border) {
  for (int64_t i = 0; i < rows; ++i) {
    const Array<S> row = padded + i * (width + 2 * border) * kLanes;
    fill_zero(row, border * kLanes);
    fill_zero(row + (border + width) * kLanes, border * kLanes);
  }
}

/// What becomes of a pixel that is copied; scale and offset mean something to one of them only.
struct Keep {
  template <typename S>
  SANAS_ALWAYS_INLINE static Vector<S> of(const Vector<S>& x, const Vector<S>& /*scale*/,
                                          const Vector<S>& /*offset*/) {
    return x;
  }
};
struct Rectify {
  template <typename S>
  SANAS_ALWAYS_INLINE static Vector<S> of(const Vector<S>& x, const Vector<S>& /*scale*/,
                                          const Vector<S>& /*offset*/) {
    return relu<S>(x);
  }
};
struct NormalizeAndRectify {
  template <typename S>
  SANAS_ALWAYS_INLINE static Vector<S> of(const Vector<S>& x, const Vector<S>& scale,
                                          const Vector<S>& offset) {
    return relu<S>(x * scale + offset);
  }
};

/// An image to where its rows have a border of zeros left and right.
template <typename S, typename Change>
void copy_padded(Array<S> image, int64_t blocks, PlaneSize size, const AffineArrays<S>& affine,
                 Array<S> padded, int64_t border) {
  for (int64_t b = 0; b < blocks; ++b) {
    const Vector<S> scale = affine.scale ? load(affine.scale + b * kLanes) : zero<S>();
    const Vector<S> offset = affine.scale ? load(affine.offset + b * kLanes) : zero<S>();
    for (int64_t i = b * size.height; i < (b + 1) * size.height; ++i) {
      const Array<S> from = image + i * size.width * kLanes;
      const Array<S> to = padded + (i * (size.width + 2 * border) + border) * kLanes;
      for (int64_t j = 0; j < size.width; ++j) {
        store(to + j * kLanes, Change::template of<S>(load(from + j * kLanes), scale, offset));
      }
    }
  }
}

/// Two sums over pixels, each in several chains, as one addition would wait for the one before.
template <typename S>
struct TwoSums {
  Vector<S> first = zero<S>();
  Vector<S> second = zero<S>();

  /// @param add adds a pixel: add(first, second, pixel).
  template <typename Add>
  SANAS_ALWAYS_INLINE TwoSums(int64_t count, Add add) {
    constexpr int kChains = tile<S>(4, 3);
    Vector<S> firsts[kChains];
    Vector<S> seconds[kChains];
    SANAS_UNROLL
    for (int i = 0; i < kChains; ++i) {
      firsts[i] = seconds[i] = zero<S>();
    }
    in_tiles<kChains, 4, 2, 1>(count, [&]<int kPixels>(int64_t p) SANAS_INLINE_LAMBDA {
      SANAS_UNROLL
      for (int i = 0; i < kPixels; ++i) {
        add(firsts[i], seconds[i], p + i);
      }
    });
    SANAS_UNROLL
    for (int i = 0; i < kChains; ++i) {
      first = first + firsts[i];
      second = second + seconds[i];
    }
  }
};

/// Adds `count` pixels to the sums. @param first whether they are the first ones of their group,
/// whose mean gives the shift. A single pixel would not do: that in the corner, beside which
/// padding lies, may be far from all others, and then the variance is the difference of two large
/// sums.
template <typename S>
void add_statistics(Array<S> x, int64_t count, const StatisticsArrays<S>& sums, bool first) {
  const Array<Real<S>> shift_at{sums.shift};
  if (first) {
    Vector<Real<S>> sum = value_of(load(x));
    for (int64_t p = 1; p < count; ++p) {
      sum = sum + value_of(load(x + p * kLanes));
    }
    store(shift_at, sum * uniform(Real<S>{1} / static_cast<Real<S>>(count)));
    store(sums.sum, zero<S>());
    store(sums.square, zero<S>());
  }
  const Vector<S> shift = constant<S>(load(shift_at));
  const TwoSums<S> added(count,
                         [&](Vector<S>& sum, Vector<S>& square, int64_t p) SANAS_INLINE_LAMBDA {
                           const Vector<S> y = load(x + p * kLanes) - shift;
                           sum = sum + y;
                           square = square + y * y;
                         });
  store(sums.sum, load(sums.sum) + added.first);
  store(sums.square, load(sums.square) + added.second);
}

template <typename S>
StatisticsArrays<S> at_block(const StatisticsArrays<S>& sums, int64_t number) {
  return {sums.shift + number * kLanes, sums.sum + number * kLanes, sums.square + number * kLanes};
}

template <typename S>
SlopeArrays<S> at_block(const SlopeArrays<S>& slope, int64_t block, int64_t number) {
  const int64_t c = block * kLanes;
  return {
      slope.mean + c,   slope.sum + number * kLanes, slope.dot + number * kLanes, slope.along + c,
      slope.across + c, slope.constant + c};
}

/// Adds Σ g and Σ g (y − mean) of `count` pixels, times `factor`, to the sums.
template <typename S>
void add_slope(Array<S> g, Array<S> y, int64_t count, const SlopeArrays<S>& slope,
               const Vector<Real<S>>& factor) {
  const Vector<S> mean = load(slope.mean);
  const TwoSums<S> added(count, [&](Vector<S>& sum, Vector<S>& dot, int64_t p) SANAS_INLINE_LAMBDA {
    const Vector<S> gradient = load(g + p * kLanes);
    sum = sum + gradient;
    dot = dot + gradient * (load(y + p * kLanes) - mean);
  });
  store(slope.sum, load(slope.sum) + added.first * constant<S>(factor));
  store(slope.dot, load(slope.dot) + added.second * constant<S>(factor));
}

/// dy = along · factor · g + across · (y − mean) + constant.
template <typename S>
void pass_norm(Array<S> g, Array<S> y, int64_t count, const SlopeArrays<S>& slope,
               const Vector<Real<S>>& factor, Array<S> out) {
  const Vector<S> along = load(slope.along) * constant<S>(factor);
  const Vector<S> across = load(slope.across);
  const Vector<S> rest = load(slope.constant);
  const Vector<S> mean = load(slope.mean);
  for (int64_t p = 0; p < count; ++p) {
    store(out + p * kLanes,
          load(g + p * kLanes) * along + ((load(y + p * kLanes) - mean) * across + rest));
  }
}

/// The factor of an image: 1 where there are none.
template <typename T>
SANAS_ALWAYS_INLINE Vector<T> factor_of(const T* factors, int64_t image) {
  return uniform(factors == nullptr ? static_cast<T>(1) : factors[image]);
}

}  // namespace sanas::kernels::SANAS_INSTRUCTION_SET
