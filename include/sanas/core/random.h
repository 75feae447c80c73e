// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random numbers: derives seeds, draws from counted streams, seeds and restores LibTorch's
// generators.

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace sanas {

/// The scrambling function of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit words.
constexpr uint64_t mix64(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// The step of SplitMix64 from one state to the next.
constexpr uint64_t kMixStep = 0x9E3779B97F4A7C15ULL;

/// Mixes a seed with any number of coordinates (stream, epoch, step, …) into a new seed. Equal
/// arguments give equal seeds; neighbouring ones give unrelated seeds (SplitMix64).
uint64_t derive_seed(uint64_t seed, std::initializer_list<uint64_t> coordinates);

/// A random stream that is a function of (seed, epoch, index) alone: whoever draws, and whatever
/// was drawn before, the numbers are the same, with every compiler and standard library. Within a
/// stream it is SplitMix64. For everything that LibTorch does not draw itself.
class CounterRandom {
 public:
  constexpr CounterRandom(uint64_t seed, uint64_t epoch, uint64_t index)
      : state_(mix64(mix64(mix64(seed + kMixStep) + epoch + kMixStep) + index + kMixStep)) {}

  /// 64 random bits.
  constexpr uint64_t bits() { return mix64(state_ += kMixStep); }

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
  uint64_t state_;
};

/// The first `count` elements become a random selection in random order (Fisher-Yates): the same
/// everywhere, as the draws of the standard library are not. count <= values.size().
inline void shuffle_front(std::vector<int64_t>& values, size_t count, CounterRandom random) {
  for (size_t i = 0; i < count; ++i) {
    std::swap(values[i], values[i + random.below(values.size() - i)]);
  }
}

/// Seeds LibTorch's default generators of all devices in use: the CPU, the current GPU, and those
/// on which this process has something.
void seed_everything(uint64_t seed);

/// Gives LibTorch's default generators of the devices in use back as they were.
class ScopedRandomState {
 public:
  ScopedRandomState();
  ~ScopedRandomState();
  ScopedRandomState(const ScopedRandomState&) = delete;
  ScopedRandomState& operator=(const ScopedRandomState&) = delete;

 private:
  std::vector<at::Generator> generators_;
  std::vector<torch::Tensor> states_;
};

/// Inside its scope every draw from LibTorch's default generators is a function of `seed` alone,
/// and afterwards the generators stand where they stood before: two evaluations under the same
/// seed see the same dropout, gates and noise, and the caller's stream does not notice either.
class FrozenRandomness {
 public:
  explicit FrozenRandomness(uint64_t seed);

 private:
  ScopedRandomState state_;
};

}  // namespace sanas
