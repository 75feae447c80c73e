// SPDX-License-Identifier: Apache-2.0
#pragma once

// The steps through a fan, in the best instruction set that the processor has.

#include "kernels/fan_arrays.h"

namespace sanas::kernels {

/// Each function does one step for the images of one group. Forward: source, inner, targets; back:
/// targets, inner, source.
template <typename S>
struct FanKernels {
  using Step = void (*)(const FanArrays<S>& fan, int64_t group, const ScratchArrays<S>& scratch);
  using TargetStep = void (*)(const FanArrays<S>& fan, int64_t group);

  Step forward_source;
  Step forward_inner;
  TargetStep forward_targets;
  TargetStep backward_targets;
  Step backward_inner;
  Step backward_source;
};

/// The steps for all numbers, in one instruction set.
struct KernelSet {
  const char* name;
  FanKernels<float> of_float;
  FanKernels<double> of_double;
  FanKernels<Dual<float>> of_dual_float;
  FanKernels<Dual<double>> of_dual_double;
};

}  // namespace sanas::kernels
