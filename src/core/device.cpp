// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <sys/resource.h>
#include <torch/cuda.h>
#include <torch/version.h>
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 9
#include <c10/core/CachingDeviceAllocator.h>
#define SANAS_HAS_DEVICE_ALLOCATOR 1
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <future>
#include <limits>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "sanas/core/autocast.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

/// What was reached before the last reset, of the CPU and of each GPU.
std::atomic<int64_t>& peak_before_resets(const torch::Device& device) {
  static std::array<std::atomic<int64_t>, 2 + std::numeric_limits<c10::DeviceIndex>::max()> peaks{};
  return peaks[device.is_cuda() ? 1 + static_cast<size_t>(device.index()) : 0];
}

int64_t resettable_peak(const torch::Device& device) {
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

/// Throws ConfigError if the system doesn't give that many threads: OpenMP would end the process,
/// or wait for ever.
void check_threads(int count) {
  static std::atomic<int> checked{1};  // OpenMP keeps those that it has
  if (count <= checked) {
    return;
  }
  std::vector<std::thread> threads;
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  std::string reason;
  try {
    for (int i = 1; i < count; ++i) {
      threads.emplace_back([ended] { ended.wait(); });
    }
  } catch (const std::exception& error) {
    reason = error.what();
  }
  end.set_value();
  for (std::thread& thread : threads) {
    thread.join();
  }
  if (!reason.empty()) {
    throw ConfigError("threads: the system gives this process " +
                      std::to_string(threads.size() + 1) + ", not " + std::to_string(count) + " (" +
                      reason + "); expected fewer");
  }
  checked = count;
}

}  // namespace

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
  if (threads > 0) {
    check_threads(threads);
    at::set_num_threads(threads);
  }
  if (device.is_cuda()) {
    if (torch::cuda::is_available()) {
      c10::impl::VirtualGuardImpl(torch::kCUDA).setDevice(device);
    }
    if (deterministic) {
      // Without it LibTorch before 2.11 refuses matrix products; it has to be set before the first.
      ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    }
  }
  allow_tf32(false);
  at::globalContext().setBenchmarkCuDNN(device.is_cuda() && !deterministic);
  at::globalContext().setDeterministicCuDNN(deterministic);
  at::globalContext().setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
}

torch::MemoryFormat preferred_memory_format(const torch::Device& device) {
  return device.is_cuda() ? torch::MemoryFormat::ChannelsLast : torch::MemoryFormat::Contiguous;
}

int64_t peak_memory_bytes(const torch::Device& device) {
  return std::max(peak_before_resets(device).load(), resettable_peak(device));
}

PeakMemory::PeakMemory(const torch::Device& device) : device_(device) {
  peak_before_resets(device) = peak_memory_bytes(device);
  if (device.is_cuda()) {
#if SANAS_HAS_DEVICE_ALLOCATOR
    c10::getDeviceAllocator(device.type())->resetPeakStats(device.index());
#endif
  } else {
    std::ofstream("/proc/self/clear_refs") << '5';  // resets the peak of the resident set
  }
}

int64_t PeakMemory::bytes() const { return resettable_peak(device_); }

}  // namespace sanas
