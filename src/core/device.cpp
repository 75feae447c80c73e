// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <sys/resource.h>
#include <torch/cuda.h>
#include <torch/version.h>
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 9
#include <c10/core/CachingDeviceAllocator.h>
#define SANAS_HAS_DEVICE_ALLOCATOR 1
#endif

#include <algorithm>
#include <regex>
#include <thread>

#include "sanas/core/error.h"

namespace sanas {

torch::Device resolve_device(const std::string& name) {
  static const std::regex pattern("auto|cpu|cuda(:([0-9]{1,3}))?");
  std::smatch match;
  if (!std::regex_match(name, match, pattern)) {
    throw ConfigError("device '" + name + "': expected auto, cpu, cuda or cuda:N");
  }
  const auto count =
      torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
  if (name == "cpu" || (name == "auto" && count == 0)) {
    return torch::kCPU;
  }
  // Compared as an int: an index of LibTorch's has eight bits.
  const int index = match[2].matched ? std::stoi(match[2].str()) : 0;
  if (index >= count) {
    throw ConfigError("device '" + name + "': this machine has " + std::to_string(count) +
                      " usable CUDA devices; use cpu or auto");
  }
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

void configure_device(const torch::Device& device, int threads, bool deterministic) {
  at::set_num_threads(
      threads > 0 ? threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  at::globalContext().setBenchmarkCuDNN(device.is_cuda() && !deterministic);
  at::globalContext().setDeterministicCuDNN(deterministic);
  at::globalContext().setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
}

torch::MemoryFormat preferred_memory_format(const torch::Device& device) {
  return device.is_cuda() ? torch::MemoryFormat::ChannelsLast : torch::MemoryFormat::Contiguous;
}

int64_t peak_memory_bytes(const torch::Device& device) {
  if (device.is_cuda()) {
#if SANAS_HAS_DEVICE_ALLOCATOR
    const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
        .peak;
#else
    return 0;  // this LibTorch has no device-independent interface to its allocator
#endif
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace sanas
