// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a network to named tensors (a state dict) and back.

#include <torch/nn/module.h>

#include <string>

#include "sanas/formats/named_tensors.h"
#include "sanas/supernet/arch_parameters.h"

namespace sanas {

/// Parameters and buffers of a module under their state-dict names, each with `prefix` in front.
/// `num_batches_tracked` is included, as in Python's state dicts.
NamedTensors state_dict(const torch::nn::Module& module, const std::string& prefix = "");

/// Copies the tensors whose names begin with `prefix` into the module. Every parameter and buffer
/// has to be there in its shape, with floating-point numbers where the module has them, all of them
/// finite, and nothing else under that prefix; only `num_batches_tracked` may be missing. Throws
/// FileError that lists some of what is missing, unexpected, or of another shape or type; the
/// module is as it was then.
///
/// Without `prefix`, a file whose names all have the same words in front (`module.` of
/// DataParallel, `_orig_mod.` of torch.compile, `net.`) fits without them.
/// @param source the file that the tensors are from, for messages.
/// @return what stood in front of all names and was left out; mostly empty.
std::string load_state_dict(torch::nn::Module& module, const NamedTensors& tensors,
                            const std::string& source, const std::string& prefix = "");

/// Throws FileError that names a tensor of that prefix with numbers that are not finite: what a
/// network computes with such weights means nothing, and nothing can repair them.
void check_finite(const NamedTensors& tensors, const std::string& source,
                  const std::string& prefix = "");

/// Copies "alphas_normal" and so on, on whatever device they are. Throws FileError if one is
/// missing, has another shape, or numbers that are not finite.
void load_architecture(ArchParameters& architecture, const NamedTensors& tensors,
                       const std::string& source);

}  // namespace sanas
