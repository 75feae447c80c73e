// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn.h>
#include <torch/types.h>

#include <cmath>
#include <unordered_set>

namespace sanas {

/// sin(0.7 i + 0.3 t) for i = 1 … count.
inline torch::Tensor fill_wave(int64_t count, int64_t t) {
  const auto index = torch::arange(1, count + 1, torch::kDouble);
  return torch::sin(0.7 * index + 0.3 * static_cast<double>(t));
}

/// Fills the parameters of `module` in registration order t = 1, 2, … and resets the running
/// statistics (darts-family §13): weights get the wave over the root of their fan-in, batch norm
/// scales 1 + wave/2, all other vectors wave/2.
inline void fill_parameters(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  std::unordered_set<const void*> scales;
  const auto remember = [&scales](const torch::nn::Module& child) {
    const auto* norm = child.as<torch::nn::BatchNorm2dImpl>();
    if (norm != nullptr && norm->weight.defined()) {
      scales.insert(norm->weight.unsafeGetTensorImpl());
    }
  };
  remember(module);
  for (const auto& child : module.modules(/*include_self=*/false)) {
    remember(*child);
  }
  int64_t t = 0;
  for (auto& parameter : module.parameters()) {
    auto wave = fill_wave(parameter.numel(), ++t).view(parameter.sizes());
    if (parameter.dim() >= 2) {
      wave = wave / std::sqrt(static_cast<double>(parameter[0].numel()));
    } else {
      wave = 0.5 * wave + (scales.contains(parameter.unsafeGetTensorImpl()) ? 1.0 : 0.0);
    }
    parameter.copy_(wave);
  }
  for (auto& buffer : module.named_buffers()) {
    if (buffer.key().ends_with("running_mean")) {
      buffer.value().zero_();
    } else if (buffer.key().ends_with("running_var")) {
      buffer.value().fill_(1.0);
    }
  }
}

/// The input rule of darts-family §13, in double: sin(0.11 i + phi) + 0.5 cos(0.023 i), flat i from
/// 1.
inline torch::Tensor input_pattern(torch::IntArrayRef shape, double phi = 0.0) {
  const auto index = torch::arange(1, c10::multiply_integers(shape) + 1, torch::kDouble);
  return (torch::sin(0.11 * index + phi) + 0.5 * torch::cos(0.023 * index)).view(shape);
}

/// The check sum of darts-family §13: Σ y_i sin(0.05 i), flat i from 1.
inline double chk(const torch::Tensor& tensor) {
  const auto flat = tensor.detach().to(torch::kCPU, torch::kDouble).reshape({-1});
  const auto index = torch::arange(1, flat.numel() + 1, torch::kDouble);
  return (flat * torch::sin(0.05 * index)).sum().item<double>();
}

}  // namespace sanas
