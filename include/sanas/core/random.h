// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace sanas {

/// Mixes a seed with any number of coordinates (stream, epoch, step, …) into a new seed. Equal
/// arguments give equal seeds; neighbouring ones give unrelated seeds (SplitMix64).
uint64_t derive_seed(uint64_t seed, std::initializer_list<uint64_t> coordinates);

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
