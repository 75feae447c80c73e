// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

namespace sanas {

/// Drops whole paths: each example of x (N×C×H×W) is kept with probability 1 − p and then divided
/// by 1 − p, else set to zero (darts-family §5.4). Draws from LibTorch's default generator.
/// @param probability p in [0, 1); zero draws nothing.
torch::Tensor drop_path(const torch::Tensor& x, double probability);

}  // namespace sanas
