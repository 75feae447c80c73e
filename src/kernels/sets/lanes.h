// SPDX-License-Identifier: Apache-2.0
#pragma once

// Vectors of kLanes numbers in the instruction set that the including source is compiled for.

#include "kernels/array.h"

#if defined(__clang__)
#define SANAS_UNROLL _Pragma("clang loop unroll(full)")
#else
#define SANAS_UNROLL _Pragma("GCC unroll 16")
#endif

#define SANAS_INLINE_LAMBDA __attribute__((always_inline))

namespace sanas::kernels::SANAS_INSTRUCTION_SET {

template <typename T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kLanes * sizeof(T))));
  /// The same in memory, at any address.
  typedef T packed __attribute__((vector_size(kLanes * sizeof(T)), aligned(sizeof(T)), may_alias));
};
template <typename T>
struct VectorOf<Dual<T>> {
  using type = Dual<typename VectorOf<T>::type>;
};
/// kLanes numbers `S` side by side.
template <typename S>
using Vector = typename VectorOf<S>::type;

template <typename T>
SANAS_ALWAYS_INLINE Vector<T> load(Array<T> a) {
  return *reinterpret_cast<const typename VectorOf<T>::packed*>(a.value);
}
template <typename T>
SANAS_ALWAYS_INLINE Vector<Dual<T>> load(Array<Dual<T>> a) {
  return {load(Array<T>{a.value}), load(Array<T>{a.tangent})};
}

template <typename T>
SANAS_ALWAYS_INLINE void store(Array<T> a, const Vector<T>& v) {
  *reinterpret_cast<typename VectorOf<T>::packed*>(a.value) = v;
}
template <typename T>
SANAS_ALWAYS_INLINE void store(Array<Dual<T>> a, const Vector<Dual<T>>& v) {
  store(Array<T>{a.value}, v.value);
  store(Array<T>{a.tangent}, v.tangent);
}

/// The same number in all lanes.
template <typename T>
SANAS_ALWAYS_INLINE Vector<T> uniform(T x) {
  return x - Vector<T>{};  // x + 0 would make 0 of −0
}
/// The number at `a` in all lanes.
template <typename T>
SANAS_ALWAYS_INLINE Vector<T> broadcast(Array<T> a) {
  return uniform(*a.value);
}
template <typename T>
SANAS_ALWAYS_INLINE Vector<Dual<T>> broadcast(Array<Dual<T>> a) {
  return {uniform(*a.value), uniform(*a.tangent)};
}

/// A constant, which no direction changes.
template <typename S>
SANAS_ALWAYS_INLINE Vector<S> constant(const Vector<Real<S>>& v) {
  if constexpr (sizeof(S) == sizeof(Real<S>)) {
    return v;
  } else {
    return {v, Vector<Real<S>>{}};
  }
}
template <typename S>
SANAS_ALWAYS_INLINE Vector<S> zero() {
  return constant<S>(Vector<Real<S>>{});
}

template <typename V>
SANAS_ALWAYS_INLINE const V& value_of(const V& v) {
  return v;
}
template <typename V>
SANAS_ALWAYS_INLINE const V& value_of(const Dual<V>& v) {
  return v.value;
}

/// a where the mask is set, b elsewhere.
template <typename M, typename V>
SANAS_ALWAYS_INLINE V select(const M& mask, const V& a, const V& b) {
  return mask ? a : b;
}
template <typename M, typename V>
SANAS_ALWAYS_INLINE Dual<V> select(const M& mask, const Dual<V>& a, const Dual<V>& b) {
  return {mask ? a.value : b.value, mask ? a.tangent : b.tangent};
}

/// max(x, 0); what is not a number stays.
template <typename S>
SANAS_ALWAYS_INLINE Vector<S> relu(const Vector<S>& x) {
  return select(value_of(x) <= Vector<Real<S>>{}, zero<S>(), x);
}
/// g where relu(x) lets it through.
template <typename S>
SANAS_ALWAYS_INLINE Vector<S> through_relu(const Vector<S>& x, const Vector<S>& g) {
  return select(value_of(x) <= Vector<Real<S>>{}, zero<S>(), g);
}

template <typename S>
SANAS_ALWAYS_INLINE void fill_zero(Array<S> a, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    store(a + i, zero<S>());
  }
}

/// How many vectors of numbers `S` sit in three quarters of the processor's registers.
#if defined(__AVX512F__)
inline constexpr int kRegisterBytes = 32 * 64;
#elif defined(__AVX__)
inline constexpr int kRegisterBytes = 16 * 32;
#elif defined(__aarch64__)
inline constexpr int kRegisterBytes = 32 * 16;
#else
inline constexpr int kRegisterBytes = 16 * 16;
#endif
template <typename S>
inline constexpr int kRegisters = kRegisterBytes * 3 / 4 / static_cast<int>(kLanes * sizeof(S)) > 0
                                      ? kRegisterBytes * 3 / 4 /
                                            static_cast<int>(kLanes * sizeof(S))
                                      : 1;

/// The largest power of two up to `most` of which `each` fit into the registers; at least 1.
template <typename S>
constexpr int tile(int most, int each = 1) {
  while (most > 1 && most * each > kRegisters<S>) {
    most /= 2;
  }
  return most;
}

/// Goes through 0 … count − 1 in tiles that are as large as possible: run.operator()<tile>(first)
/// for the sizes given, which fall and end with 1. Sizes above kMost are left out.
template <int kMost, int... kSizes, typename Run>
SANAS_ALWAYS_INLINE void in_tiles(int64_t count, Run run) {
  int64_t first = 0;
  const auto run_all = [&]<int kSize>() SANAS_INLINE_LAMBDA {
    if constexpr (kSize <= kMost) {
      for (; first + kSize <= count; first += kSize) {
        run.template operator()<kSize>(first);
      }
    }
  };
  (run_all.template operator()<kSizes>(), ...);
}

}  // namespace sanas::kernels::SANAS_INSTRUCTION_SET
