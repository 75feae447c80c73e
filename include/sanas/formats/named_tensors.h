// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tensors by name, with remarks: what the readers and writers of tensor files exchange.

#include <c10/util/Exception.h>  // ordered_dict.h uses it without including it
#include <torch/ordered_dict.h>
#include <torch/types.h>

#include <map>
#include <string>

namespace sanas {

/// Tensors by name in the order of a state dict, as `torch::nn::Module::named_parameters` gives
/// them, and remarks about them.
struct NamedTensors {
  torch::OrderedDict<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

}  // namespace sanas
