// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether cells run on fused kernels.

#include <torch/types.h>

#include <string>

namespace sanas {

/// What computes the cells of a network: fused kernels where they can, or LibTorch's operators one
/// by one. Both give the same numbers up to rounding; kernels have two derivatives, composed
/// operators any number.
enum class KernelChoice { kAuto, kComposed };

/// "auto", "composed".
std::string to_string(KernelChoice choice);

/// Whether a network runs on the kernels for images like these: on the CPU, in float32 or float64,
/// without automatic mixed precision, and outside of ScopedComposed.
bool runs_on_kernels(KernelChoice choice, const torch::Tensor& images);

/// In its scope all networks run composed on this thread: where a third derivative is needed, or
/// operators are looked at one by one.
class ScopedComposed {
 public:
  ScopedComposed();
  ~ScopedComposed();
  ScopedComposed(const ScopedComposed&) = delete;
  ScopedComposed& operator=(const ScopedComposed&) = delete;

 private:
  bool before_;
};

/// The instruction set that the kernels use on this processor: "avx512", "avx2" or "plain".
std::string kernel_instruction_set();

}  // namespace sanas
