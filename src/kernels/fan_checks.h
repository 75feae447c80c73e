// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <vector>

#include "kernels/fan_spec.h"

namespace sanas::kernels {

/// Whether a fan is called with what its specification says: kernels read and write as many numbers
/// as they are told, whatever the tensors hold. Throws c10::Error, as LibTorch's operators do.
/// @param source, starts, parameters as `fan` takes them.
void check_fan(const FanSpec& spec, const torch::Tensor& source,
               const std::vector<torch::Tensor>& starts,
               const std::vector<torch::Tensor>& parameters);

}  // namespace sanas::kernels
