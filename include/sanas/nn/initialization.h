// SPDX-License-Identifier: Apache-2.0
#pragma once

// How weights start: as today's LibTorch does it, or as PyTorch did in 2018.

#include <torch/nn/module.h>

namespace sanas {

/// How weights start (darts-family §14): as today's LibTorch does, or as PyTorch did in 2018, when
/// convolution bounds ignored the groups and batch norm scales were drawn from U(0, 1).
enum class Initialization { kModern, k2018 };

/// Draws all convolution weights and batch norm scales of `module` anew under the given policy;
/// nothing to do for kModern, which is what LibTorch's constructors already did.
void initialize(torch::nn::Module& module, Initialization policy);

}  // namespace sanas
