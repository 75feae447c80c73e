// SPDX-License-Identifier: Apache-2.0
#pragma once

// A fan as a differentiable function of tensors.

#include <torch/types.h>

#include <vector>

#include "kernels/fan_spec.h"

namespace sanas::kernels {

/// The targets of a fan: target t is starts[t] plus the sum of its terms.
///
/// Differentiable twice, exactly; the second derivative cannot be differentiated once more: that
/// throws Error, and says that composed operations can. Results do not depend on the number of
/// threads.
///
/// @param source N × blocks × H × W × kLanes, see to_blocked; float32 or float64, on the CPU. What
///        lanes hold that are not in use does not matter.
/// @param starts one for each target, N × blocks × ceil(H/stride) × ceil(W/stride) × kLanes, or
///        undefined: zero.
/// @param parameters of the source's type.
/// Throws c10::Error where batch norms in training see a single number by channel.
std::vector<torch::Tensor> fan(const FanSpec& spec, const torch::Tensor& source,
                               const std::vector<torch::Tensor>& starts,
                               const std::vector<torch::Tensor>& parameters);

}  // namespace sanas::kernels
