// SPDX-License-Identifier: Apache-2.0
#pragma once

// 3×3 poolings of one block of channels; pixels of the border do not count.

#include "kernels/fan_arrays.h"
#include "kernels/sets/lanes.h"

namespace sanas::kernels::SANAS_INSTRUCTION_SET {

/// The input pixels that an output pixel looks at.
struct PoolWindow {
  int64_t first_row, last_row, first_column, last_column;

  PoolWindow(PlaneSize in, int64_t stride, int64_t row, int64_t column)
      : first_row(row * stride > 0 ? row * stride - 1 : 0),
        last_row(row * stride + 1 < in.height ? row * stride + 1 : in.height - 1),
        first_column(column * stride > 0 ? column * stride - 1 : 0),
        last_column(column * stride + 1 < in.width ? column * stride + 1 : in.width - 1) {}

  int64_t pixels() const { return (last_row - first_row + 1) * (last_column - first_column + 1); }

  /// Calls visit(offset of a pixel), row by row.
  template <typename Visit>
  SANAS_ALWAYS_INLINE void each(int64_t width, Visit visit) const {
    for (int64_t i = first_row; i <= last_row; ++i) {
      for (int64_t j = first_column; j <= last_column; ++j) {
        visit((i * width + j) * kLanes);
      }
    }
  }
};

/// Whether `x` takes the place of the largest so far: the first of equal ones stays, and what is
/// not a number wins, as in LibTorch.
template <typename V>
SANAS_ALWAYS_INLINE auto takes_over(const V& x, const V& most) {
  return (x > most) | (x != x);
}

template <typename S>
SANAS_ALWAYS_INLINE Vector<S> largest(const PoolWindow& window, Array<S> in, int64_t width) {
  Vector<S> most = load(in + (window.first_row * width + window.first_column) * kLanes);
  window.each(width, [&](int64_t at) SANAS_INLINE_LAMBDA {
    const Vector<S> x = load(in + at);
    most = select(takes_over(value_of(x), value_of(most)), x, most);
  });
  return most;
}

template <typename S>
SANAS_ALWAYS_INLINE Vector<S> average(const PoolWindow& window, Array<S> in, int64_t width) {
  Vector<S> sum = zero<S>();
  window.each(width, [&](int64_t at) SANAS_INLINE_LAMBDA { sum = sum + load(in + at); });
  return sum *
         constant<S>(uniform(static_cast<Real<S>>(1) / static_cast<Real<S>>(window.pixels())));
}

/// One block of one image.
template <typename S>
void pool_plane(PoolKind kind, Array<S> in, PlaneSize in_size, Array<S> out, PlaneSize out_size,
                int64_t stride) {
  for (int64_t i = 0; i < out_size.height; ++i) {
    for (int64_t j = 0; j < out_size.width; ++j) {
      const PoolWindow window(in_size, stride, i, j);
      store(out + (i * out_size.width + j) * kLanes, kind == PoolKind::kMax
                                                         ? largest(window, in, in_size.width)
                                                         : average(window, in, in_size.width));
    }
  }
}

/// Adds g to the gradient of the pixels that the output pixel was made of.
template <typename S>
SANAS_ALWAYS_INLINE void unpool(PoolKind kind, const PoolWindow& window, const Vector<S>& g,
                                Array<S> in, Array<S> gradient, int64_t width) {
  if (kind == PoolKind::kAverage) {
    const Vector<S> part =
        g * constant<S>(uniform(static_cast<Real<S>>(1) / static_cast<Real<S>>(window.pixels())));
    window.each(width, [&](int64_t at) SANAS_INLINE_LAMBDA {
      store(gradient + at, load(gradient + at) + part);
    });
    return;
  }
  using Values = Vector<Real<S>>;
  Values most = value_of(load(in + (window.first_row * width + window.first_column) * kLanes));
  Values number = Values{};
  Values which = Values{};
  window.each(width, [&](int64_t at) SANAS_INLINE_LAMBDA {
    const Values x = value_of(load(in + at));
    const auto takes = takes_over(x, most);
    most = select(takes, x, most);
    which = select(takes, number, which);
    number = number + uniform(static_cast<Real<S>>(1));
  });
  number = Values{};
  window.each(width, [&](int64_t at) SANAS_INLINE_LAMBDA {
    store(gradient + at, load(gradient + at) + select(which == number, g, zero<S>()));
    number = number + uniform(static_cast<Real<S>>(1));
  });
}

}  // namespace sanas::kernels::SANAS_INSTRUCTION_SET
