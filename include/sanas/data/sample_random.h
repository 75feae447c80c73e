// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sanas {

/// The scrambling function of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit words.
constexpr uint64_t mix64(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// A random stream that is a function of (seed, epoch, index) alone: whoever draws the sample, and
/// whatever was drawn before, the numbers are the same. Within a stream it is SplitMix64.
class CounterRandom {
 public:
  constexpr CounterRandom(uint64_t seed, uint64_t epoch, uint64_t index)
      : state_(mix64(mix64(mix64(seed + kGolden) + epoch + kGolden) + index + kGolden)) {}

  /// 64 random bits.
  constexpr uint64_t bits() { return mix64(state_ += kGolden); }

  /// Uniform in [0, 1), a multiple of 2^-53.
  constexpr double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

  /// Uniform in [low, high).
  constexpr double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Uniform over 0, …, n-1 without bias (rejection); n > 0.
  constexpr uint64_t below(uint64_t n) {
    const uint64_t surplus = (0 - n) % n;  // 2^64 mod n
    uint64_t draw = bits();
    while (draw < surplus) {
      draw = bits();
    }
    return draw % n;
  }

  /// True with probability p.
  constexpr bool bernoulli(double p) { return uniform() < p; }

 private:
  static constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ULL;
  uint64_t state_;
};

/// The first `count` elements become a random selection in random order (Fisher-Yates): the same
/// everywhere, as the draws of the standard library are not. count <= values.size().
inline void shuffle_front(std::vector<int64_t>& values, size_t count, CounterRandom random) {
  for (size_t i = 0; i < count; ++i) {
    std::swap(values[i], values[i + random.below(values.size() - i)]);
  }
}

}  // namespace sanas
