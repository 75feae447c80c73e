// SPDX-License-Identifier: Apache-2.0
#pragma once

// Chooses and sets up the device: CPU or GPU, threads, memory layout, and memory use.

#include <torch/types.h>

#include <cstdint>
#include <string>

namespace sanas {

/// Resolves `auto`, `cpu`, `cuda` or `cuda:N`. `auto` is the first GPU, or the CPU where there is
/// none. Throws ConfigError for another name or a GPU that is not there.
torch::Device resolve_device(const std::string& name);

/// Sets what a run on `device` wants by default: `threads` CPU threads (0: OMP_NUM_THREADS, or one
/// per core); on CUDA the cuDNN autotuner unless `deterministic`, that GPU as the current one, so
/// that nothing lands on another, and float32 without TF32 (core/autocast.h).
void configure_device(const torch::Device& device, int threads, bool deterministic);

/// The memory layout for images: channels last on CUDA, where cuDNN's fast kernels want it,
/// contiguous on the CPU. Weights stay contiguous: those of 1×1 and of depthwise convolutions,
/// which are nearly all, are the same in both.
torch::MemoryFormat preferred_memory_format(const torch::Device& device);

/// Highest memory use so far, in bytes: of LibTorch's allocator on that GPU (0 where this
/// LibTorch can't tell), of the process on the CPU.
int64_t peak_memory_bytes(const torch::Device& device);

/// The same since this object was made, for the cost of one phase. Of two that overlap, the later
/// one is right.
class PeakMemory {
 public:
  explicit PeakMemory(const torch::Device& device);
  int64_t bytes() const;

 private:
  torch::Device device_;
};

}  // namespace sanas
