// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers and where they lie, as the code of all instruction sets sees them. Everything here is
// inlined always: a function that one instruction set has compiled must not end up in another.

#include <cstddef>
#include <cstdint>

#define SANAS_ALWAYS_INLINE inline __attribute__((always_inline))

namespace sanas::kernels {

/// Channels side by side in memory: a blocked array is images × blocks × rows × columns × kLanes.
inline constexpr int kLanes = 16;

/// A number with its derivative along one direction, a + ȧ ε with ε² = 0. `V` is a floating-point
/// number or a vector of them.
template <typename V>
struct Dual {
  V value;
  V tangent;
};

template <typename V>
SANAS_ALWAYS_INLINE Dual<V> operator+(const Dual<V>& a, const Dual<V>& b) {
  return {a.value + b.value, a.tangent + b.tangent};
}
template <typename V>
SANAS_ALWAYS_INLINE Dual<V> operator-(const Dual<V>& a, const Dual<V>& b) {
  return {a.value - b.value, a.tangent - b.tangent};
}
template <typename V>
SANAS_ALWAYS_INLINE Dual<V> operator*(const Dual<V>& a, const Dual<V>& b) {
  return {a.value * b.value, a.tangent * b.value + a.value * b.tangent};
}
template <typename V>
SANAS_ALWAYS_INLINE Dual<V> operator/(const Dual<V>& a, const Dual<V>& b) {
  const V quotient = a.value / b.value;
  return {quotient, (a.tangent - quotient * b.tangent) / b.value};
}

/// float for float and for Dual<float>.
template <typename S>
struct RealOf {
  using type = S;
};
template <typename T>
struct RealOf<Dual<T>> {
  using type = T;
};
template <typename S>
using Real = typename RealOf<S>::type;

/// Where numbers `S` lie one behind the other; values and derivatives are apart.
template <typename S>
struct Array {
  S* value = nullptr;

  explicit operator bool() const { return value != nullptr; }
};
template <typename T>
struct Array<Dual<T>> {
  T* value = nullptr;
  T* tangent = nullptr;

  explicit operator bool() const { return value != nullptr; }
};

template <typename T>
SANAS_ALWAYS_INLINE Array<T> operator+(Array<T> a, ptrdiff_t offset) {
  return {a.value + offset};
}
template <typename T>
SANAS_ALWAYS_INLINE Array<Dual<T>> operator+(Array<Dual<T>> a, ptrdiff_t offset) {
  return {a.value + offset, a.tangent + offset};
}

}  // namespace sanas::kernels
