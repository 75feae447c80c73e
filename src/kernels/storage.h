// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tensors that hold numbers of a fan, and single numbers of them in double precision.

#include <torch/types.h>

#include <cmath>

#include "kernels/array.h"

namespace sanas::kernels {

/// Memory for numbers `S`; values and derivatives are two tensors.
template <typename S>
struct Storage {
  torch::Tensor value;
  torch::Tensor tangent;  ///< undefined unless S is a Dual

  bool defined() const { return value.defined(); }
  Array<S> array() const {
    using T = Real<S>;
    if (!value.defined()) {
      return {};
    }
    if constexpr (sizeof(S) == sizeof(T)) {
      return {value.data_ptr<T>()};
    } else {
      return {value.data_ptr<T>(), tangent.data_ptr<T>()};
    }
  }
};

template <typename S>
inline constexpr bool kIsDual = sizeof(S) != sizeof(Real<S>);

/// @param fill torch::empty or torch::zeros.
template <typename S>
Storage<S> make_storage(int64_t count, bool zero = false) {
  const auto options = torch::dtype(c10::CppTypeToScalarType<Real<S>>::value);
  const auto make = [&] {
    return zero ? torch::zeros({count}, options) : torch::empty({count}, options);
  };
  return {make(), kIsDual<S> ? make() : torch::Tensor()};
}

/// double, or a Dual of it: what sums over images are made in.
template <typename S>
using Wide = std::conditional_t<kIsDual<S>, Dual<double>, double>;

template <typename T>
double read(Array<T> a, int64_t i) {
  return static_cast<double>(a.value[i]);
}
template <typename T>
Dual<double> read(Array<Dual<T>> a, int64_t i) {
  return {static_cast<double>(a.value[i]), static_cast<double>(a.tangent[i])};
}
template <typename T>
void write(Array<T> a, int64_t i, double x) {
  a.value[i] = static_cast<T>(x);
}
template <typename T>
void write(Array<Dual<T>> a, int64_t i, const Dual<double>& x) {
  a.value[i] = static_cast<T>(x.value);
  a.tangent[i] = static_cast<T>(x.tangent);
}

/// A constant.
template <typename W>
W wide(double x) {
  if constexpr (sizeof(W) == sizeof(double)) {
    return x;
  } else {
    return {x, 0.0};
  }
}

inline double square_root(double x) { return std::sqrt(x); }
inline Dual<double> square_root(const Dual<double>& x) {
  const double root = std::sqrt(x.value);
  return {root, x.tangent / (2.0 * root)};
}

}  // namespace sanas::kernels
