// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/weight_randomization.h"

#include <algorithm>

namespace sanas {
namespace {

/// "cells.3._ops.0.weight" belongs to "cells.3", "stem.0.weight" to "stem".
std::string layer_of(const std::string& name) {
  const auto dot = name.find('.');
  return name.starts_with("cells.") ? name.substr(0, name.find('.', dot + 1)) : name.substr(0, dot);
}

}  // namespace

std::vector<std::string> layers_from_output(const torch::nn::Module& network) {
  std::vector<std::string> layers;
  for (const auto& parameter : network.named_parameters()) {
    const std::string layer = layer_of(parameter.key());
    if (!layer.starts_with("auxiliary") &&
        std::find(layers.begin(), layers.end(), layer) == layers.end()) {
      layers.push_back(layer);
    }
  }
  std::reverse(layers.begin(), layers.end());
  return layers;
}

void copy_layer(const torch::nn::Module& from, torch::nn::Module& to, const std::string& layer) {
  const torch::NoGradGuard no_grad;
  const auto copy = [&](const auto& source, const auto& target) {
    for (const auto& entry : source) {
      if (layer_of(entry.key()) == layer) {
        torch::Tensor destination = target[entry.key()];
        destination.copy_(entry.value());
      }
    }
  };
  copy(from.named_parameters(), to.named_parameters());
  copy(from.named_buffers(), to.named_buffers());
}

}  // namespace sanas
