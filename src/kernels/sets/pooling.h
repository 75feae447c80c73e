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
  bool is_whole() const { return pixels() == 9; }

  /// Calls visit(offset of a pixel), row by row. @param kWhole is_whole(): the loops unroll.
  template <bool kWhole, typename Visit>
  SANAS_ALWAYS_INLINE void each(int64_t width, Visit visit) const {
    if constexpr (kWhole) {
      SANAS_UNROLL
      for (int i = 0; i < 3; ++i) {
        SANAS_UNROLL
        for (int j = 0; j < 3; ++j) {
          visit(((first_row + i) * width + first_column + j) * kLanes);
        }
      }
    } else {
      for (int64_t i = first_row; i <= last_row; ++i) {
        for (int64_t j = first_column; j <= last_column; ++j) {
          visit((i * width + j) * kLanes);
        }
      }
    }
  }
};

/// Whether all values of a plane are numbers, which makes comparing them simpler.
template <typename S>
bool are_numbers(Array<S> in, int64_t pixels) {
  using Values = Vector<Real<S>>;
  auto others = Values{} != Values{};
  for (int64_t p = 0; p < pixels; ++p) {
    const Values x = value_of(load(in + p * kLanes));
    others |= x != x;
  }
  bool all = true;
  for (int lane = 0; lane < kLanes; ++lane) {
    all = all && others[lane] == 0;
  }
  return all;
}

/// Whether `x` takes the place of the largest so far: the first of equal ones stays, and what is
/// not a number wins, as in LibTorch.
template <bool kNumbers, typename V>
SANAS_ALWAYS_INLINE auto takes_over(const V& x, const V& most) {
  if constexpr (kNumbers) {
    return x > most;
  } else {
    return (x > most) | (x != x);
  }
}

template <typename S, bool kWhole, bool kNumbers>
SANAS_ALWAYS_INLINE Vector<S> largest(const PoolWindow& window, Array<S> in, int64_t width) {
  Vector<S> most = load(in + (window.first_row * width + window.first_column) * kLanes);
  window.each<kWhole>(width, [&](int64_t at) SANAS_INLINE_LAMBDA {
    const Vector<S> x = load(in + at);
    most = select(takes_over<kNumbers>(value_of(x), value_of(most)), x, most);
  });
  return most;
}

template <typename S, bool kWhole>
SANAS_ALWAYS_INLINE Vector<S> average(const PoolWindow& window, Array<S> in, int64_t width) {
  Vector<S> sum = zero<S>();
  window.each<kWhole>(width, [&](int64_t at) SANAS_INLINE_LAMBDA { sum = sum + load(in + at); });
  return sum *
         constant<S>(uniform(static_cast<Real<S>>(1) / static_cast<Real<S>>(window.pixels())));
}

/// Calls visit.operator()<kWhole>(window, offset of the output pixel) for all output pixels.
template <typename Visit>
SANAS_ALWAYS_INLINE void each_window(PlaneSize in, PlaneSize out, int64_t stride, Visit visit) {
  for (int64_t i = 0; i < out.height; ++i) {
    for (int64_t j = 0; j < out.width; ++j) {
      const PoolWindow window(in, stride, i, j);
      const int64_t at = (i * out.width + j) * kLanes;
      if (window.is_whole()) {
        visit.template operator()<true>(window, at);
      } else {
        visit.template operator()<false>(window, at);
      }
    }
  }
}

template <typename S, bool kNumbers>
void max_pool_plane(Array<S> in, PlaneSize in_size, Array<S> out, PlaneSize out_size,
                    int64_t stride) {
  each_window(in_size, out_size, stride,
              [&]<bool kWhole>(const PoolWindow& window, int64_t at) SANAS_INLINE_LAMBDA {
                store(out + at, largest<S, kWhole, kNumbers>(window, in, in_size.width));
              });
}

template <typename S>
void average_pool_plane(Array<S> in, PlaneSize in_size, Array<S> out, PlaneSize out_size,
                        int64_t stride) {
  each_window(in_size, out_size, stride,
              [&]<bool kWhole>(const PoolWindow& window, int64_t at) SANAS_INLINE_LAMBDA {
                store(out + at, average<S, kWhole>(window, in, in_size.width));
              });
}

/// One block of one image.
template <typename S>
void pool_plane(PoolKind kind, Array<S> in, PlaneSize in_size, Array<S> out, PlaneSize out_size,
                int64_t stride) {
  const auto plane = kind == PoolKind::kAverage             ? average_pool_plane<S>
                     : are_numbers<S>(in, in_size.pixels()) ? max_pool_plane<S, true>
                                                            : max_pool_plane<S, false>;
  plane(in, in_size, out, out_size, stride);
}

/// Adds g to the gradient of the pixel that the largest one was found at.
template <typename S, bool kWhole, bool kNumbers>
SANAS_ALWAYS_INLINE void unpool_largest(const PoolWindow& window, const Vector<S>& g, Array<S> in,
                                        Array<S> gradient, int64_t width) {
  using Values = Vector<Real<S>>;
  Values most = value_of(load(in + (window.first_row * width + window.first_column) * kLanes));
  Values number = Values{};
  Values which = Values{};
  window.each<kWhole>(width, [&](int64_t at) SANAS_INLINE_LAMBDA {
    const Values x = value_of(load(in + at));
    const auto takes = takes_over<kNumbers>(x, most);
    most = select(takes, x, most);
    which = select(takes, number, which);
    number = number + uniform(static_cast<Real<S>>(1));
  });
  number = Values{};
  window.each<kWhole>(width, [&](int64_t at) SANAS_INLINE_LAMBDA {
    store(gradient + at, load(gradient + at) + select(which == number, g, zero<S>()));
    number = number + uniform(static_cast<Real<S>>(1));
  });
}

/// Adds its share of g to the gradient of each pixel.
template <typename S, bool kWhole>
SANAS_ALWAYS_INLINE void unpool_average(const PoolWindow& window, const Vector<S>& g,
                                        Array<S> gradient, int64_t width) {
  const Vector<S> part =
      g * constant<S>(uniform(static_cast<Real<S>>(1) / static_cast<Real<S>>(window.pixels())));
  window.each<kWhole>(width, [&](int64_t at) SANAS_INLINE_LAMBDA {
    store(gradient + at, load(gradient + at) + part);
  });
}

}  // namespace sanas::kernels::SANAS_INSTRUCTION_SET
