// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes a network random layer by layer, for the sanity checks of saliency maps.

#include <torch/nn/module.h>

#include <string>
#include <vector>

namespace sanas {

/// The layers of a network in the order of a cascading randomisation (Adebayo et al. 2018), from
/// the output to the input: "classifier", "cells.7", …, "cells.0", "stem". An auxiliary head is
/// none of them.
std::vector<std::string> layers_from_output(const torch::nn::Module& network);

/// Copies the parameters and buffers of one layer from a network of the same shape.
void copy_layer(const torch::nn::Module& from, torch::nn::Module& to, const std::string& layer);

}  // namespace sanas
