// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <string>

#include "sanas/io/named_tensors.h"
#include "sanas/supernet/arch_parameters.h"

namespace sanas {

/// Parameters and buffers of a module under their state-dict names, each with `prefix` in front.
/// `num_batches_tracked` is included, as in Python's state dicts.
NamedTensors state_dict(const torch::nn::Module& module, const std::string& prefix = "");

/// Copies the tensors whose names begin with `prefix` into the module. Every parameter and buffer
/// has to be there in its shape, and nothing else under that prefix; only `num_batches_tracked` may
/// be missing. Throws FileError that lists what is missing, unexpected or of another shape, at most
/// ten of them.
/// @param source the file that the tensors are from, for messages.
void load_state_dict(torch::nn::Module& module, const NamedTensors& tensors,
                     const std::string& source, const std::string& prefix = "");

/// Copies "alphas_normal" and so on, on whatever device they are. Throws FileError if one is
/// missing or has another shape.
void load_architecture(ArchParameters& architecture, const NamedTensors& tensors,
                       const std::string& source);

}  // namespace sanas
