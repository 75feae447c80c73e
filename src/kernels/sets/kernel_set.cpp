// SPDX-License-Identifier: Apache-2.0

// Compiled once for each instruction set, under SANAS_INSTRUCTION_SET as its name. Nothing of the
// standard library is used here: its inline functions would be shared with the rest.

#include "kernels/fan_kernels.h"
#include "kernels/sets/fan_backward.h"

namespace sanas::kernels::SANAS_INSTRUCTION_SET {
namespace {

template <typename S>
constexpr FanKernels<S> fan_kernels() {
  return {forward_source<S>,   forward_inner<S>,  forward_targets<S>,
          backward_targets<S>, backward_inner<S>, backward_source<S>};
}

#define SANAS_QUOTED(name) #name
#define SANAS_NAME(name) SANAS_QUOTED(name)

}  // namespace

const KernelSet& kernel_set() {
  static constexpr KernelSet kSet{SANAS_NAME(SANAS_INSTRUCTION_SET), fan_kernels<float>(),
                                  fan_kernels<double>(), fan_kernels<Dual<float>>(),
                                  fan_kernels<Dual<double>>()};
  return kSet;
}

}  // namespace sanas::kernels::SANAS_INSTRUCTION_SET
