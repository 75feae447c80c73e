// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which instruction sets there are kernels for, and which one the processor takes.

#include <string>
#include <vector>

#include "kernels/fan_kernels.h"

namespace sanas::kernels {

/// The sets that were compiled and that this processor has, best first; "plain" is always there.
std::vector<const KernelSet*> available_kernel_sets();

/// The set in use: the best one.
const KernelSet& kernel_set();

/// The steps of the set in use for numbers `S`.
template <typename S>
const FanKernels<S>& fan_kernels();

/// In its scope another set is in use, for tests. Not for several threads at once.
class ScopedKernelSet {
 public:
  explicit ScopedKernelSet(const KernelSet& set);
  ~ScopedKernelSet();
  ScopedKernelSet(const ScopedKernelSet&) = delete;
  ScopedKernelSet& operator=(const ScopedKernelSet&) = delete;

 private:
  const KernelSet* before_;
};

}  // namespace sanas::kernels
