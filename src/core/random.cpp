// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/cuda.h>

#include <mutex>

namespace sanas {
namespace {

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
  uint64_t result = mix64(seed + kMixStep);
  for (const uint64_t coordinate : coordinates) {
    result = mix64((result ^ coordinate) + kMixStep);
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
