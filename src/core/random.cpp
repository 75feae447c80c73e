// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/cuda.h>

#include <mutex>

namespace sanas {
namespace {

uint64_t split_mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

/// Of the devices in use: a frozen forward pass must not cost a walk over all GPUs of the machine.
std::vector<at::Generator> default_generators() {
  std::vector<at::Generator> generators{at::detail::getDefaultCPUGenerator()};
  if (torch::cuda::is_available()) {
    const auto& cuda = at::detail::getCUDAHooks();
    const auto count = static_cast<c10::DeviceIndex>(torch::cuda::device_count());
    for (c10::DeviceIndex index = 0; index < count; ++index) {
      if (index == cuda.current_device() || cuda.hasPrimaryContext(index)) {
        generators.push_back(at::globalContext().defaultGenerator({at::kCUDA, index}));
      }
    }
  }
  return generators;
}

}  // namespace

uint64_t derive_seed(uint64_t seed, std::initializer_list<uint64_t> coordinates) {
  uint64_t result = split_mix(seed);
  for (const uint64_t coordinate : coordinates) {
    result = split_mix(result ^ coordinate);
  }
  return result;
}

void seed_everything(uint64_t seed) {
  for (auto& generator : default_generators()) {
    const std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_current_seed(seed);
  }
}

ScopedRandomState::ScopedRandomState() : generators_(default_generators()) {
  for (auto& generator : generators_) {
    const std::lock_guard<std::mutex> lock(generator.mutex());
    states_.push_back(generator.get_state());
  }
}

ScopedRandomState::~ScopedRandomState() {
  for (size_t i = 0; i < generators_.size(); ++i) {
    const std::lock_guard<std::mutex> lock(generators_[i].mutex());
    generators_[i].set_state(states_[i]);
  }
}

FrozenRandomness::FrozenRandomness(uint64_t seed) { seed_everything(seed); }

}  // namespace sanas
