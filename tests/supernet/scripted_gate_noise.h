// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <string>

#include "supernet/gate_noise.h"

namespace sanas {

/// The scripted draws of darts-family §13.7: draw number c is a function of c.
class ScriptedGateNoise : public GateNoise {
 public:
  torch::Tensor uniform(const torch::Tensor& like) override {
    return (0.5 + 0.49 * torch::sin(2.3 * index(like) + ++uniform_draws_)).view(like.sizes());
  }
  torch::Tensor dropped(const torch::Tensor& like, double /*probability*/) override {
    return (torch::sin(5.1 * index(like) + ++drop_draws_) < -0.3)
        .to(like.dtype())
        .view(like.sizes());
  }
  torch::Tensor permutation(int64_t /*count*/) override {
    return torch::tensor({3, 0, 6, 1, 7, 4, 2, 5}, torch::kInt64);
  }

 private:
  static torch::Tensor index(const torch::Tensor& like) {
    return torch::arange(1, like.numel() + 1, like.options());
  }

  int uniform_draws_ = 0;
  int drop_draws_ = 0;
};

/// "45 25 …": the columns that are 1, row by row.
inline std::string mask_text(const torch::Tensor& mask) {
  std::string text;
  for (int64_t e = 0; e < mask.size(0); ++e) {
    text += e == 0 ? "" : " ";
    for (int64_t k = 0; k < mask.size(1); ++k) {
      if (mask[e][k].item<double>() != 0.0) {
        text += std::to_string(k);
      }
    }
  }
  return text;
}

}  // namespace sanas
