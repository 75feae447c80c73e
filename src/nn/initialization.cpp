// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/initialization.h"

#include <torch/nn.h>

#include <cmath>

namespace sanas {
namespace {

void initialize_as_in_2018(torch::nn::Module& module) {
  if (auto* convolution = module.as<torch::nn::Conv2dImpl>()) {
    const auto& weight = convolution->weight;
    const auto fan_in = convolution->options.in_channels() * weight.size(2) * weight.size(3);
    const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
    weight.uniform_(-bound, bound);
  } else if (auto* norm = module.as<torch::nn::BatchNorm2dImpl>()) {
    if (norm->weight.defined()) {
      norm->weight.uniform_(0.0, 1.0);
    }
  }
}

}  // namespace

void initialize(torch::nn::Module& module, Initialization policy) {
  if (policy == Initialization::kModern) {
    return;
  }
  const torch::NoGradGuard no_grad;
  initialize_as_in_2018(module);
  // Without the module itself, which is not yet owned by a pointer when its constructor calls this.
  for (const auto& child : module.modules(/*include_self=*/false)) {
    initialize_as_in_2018(*child);
  }
}

}  // namespace sanas
