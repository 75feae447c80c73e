// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

namespace sanas {

/// Drops whole paths: each example of x (N×C×H×W) is kept with probability 1 − p and then divided
/// by 1 − p, else set to zero (darts-family §5.4). Draws from LibTorch's default generator.
/// @param probability p in [0, 1); zero draws nothing.
torch::Tensor drop_path(const torch::Tensor& x, double probability);

/// What `drop_path` multiplies the examples with: N factors, 1/(1 − p) or 0, of the type of `like`.
/// @param probability p in (0, 1).
torch::Tensor drop_path_factors(const torch::Tensor& like, double probability);

}  // namespace sanas
