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

/// relu(x), or relu(scale · x + offset) where there is an affine, with a border.
template <typename S>
void rectify(Array<S> x, PlaneSize size, const AffineArrays<S>& affine, Array<S> padded,
             int64_t border) {
  const bool normalized = static_cast<bool>(affine.scale);
  const Vector<S> scale = normalized ? load(affine.scale) : zero<S>();
  const Vector<S> offset = normalized ? load(affine.offset) : zero<S>();
  for (int64_t i = 0; i < size.height; ++i) {
    const Array<S> from = x + i * size.width * kLanes;
    const Array<S> to = padded + (i * (size.width + 2 * border) + border) * kLanes;
    if (normalized) {
      for (int64_t j = 0; j < size.width; ++j) {
        store(to + j * kLanes, relu<S>(load(from + j * kLanes) * scale + offset));
      }
    } else {
      for (int64_t j = 0; j < size.width; ++j) {
        store(to + j * kLanes, relu<S>(load(from + j * kLanes)));
      }
    }
  }
}

/// Adds `count` pixels to the sums. @param first whether they are the first ones of their group,
/// which give the shift.
template <typename S>
void add_statistics(Array<S> x, int64_t count, const StatisticsArrays<S>& sums, bool first) {
  const Array<Real<S>> shift_at{sums.shift};
  if (first) {
    store(shift_at, value_of(load(x)));
    store(sums.sum, zero<S>());
    store(sums.square, zero<S>());
  }
  const Vector<S> shift = constant<S>(load(shift_at));
  Vector<S> sum = zero<S>();
  Vector<S> square = zero<S>();
  for (int64_t p = 0; p < count; ++p) {
    const Vector<S> y = load(x + p * kLanes) - shift;
    sum = sum + y;
    square = square + y * y;
  }
  store(sums.sum, load(sums.sum) + sum);
  store(sums.square, load(sums.square) + square);
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
  Vector<S> sum = zero<S>();
  Vector<S> dot = zero<S>();
  for (int64_t p = 0; p < count; ++p) {
    const Vector<S> gradient = load(g + p * kLanes);
    sum = sum + gradient;
    dot = dot + gradient * (load(y + p * kLanes) - mean);
  }
  store(slope.sum, load(slope.sum) + sum * constant<S>(factor));
  store(slope.dot, load(slope.dot) + dot * constant<S>(factor));
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
