// SPDX-License-Identifier: Apache-2.0
#include "nn/drop_path.h"

namespace sanas {
namespace {

torch::Tensor draw_mask(const torch::Tensor& like, double probability) {
  TORCH_CHECK(probability < 1.0, "drop-path probability ", probability, " leaves nothing");
  return torch::empty({like.size(0), 1, 1, 1}, like.options().requires_grad(false))
      .bernoulli_(1.0 - probability);
}

}  // namespace

torch::Tensor drop_path(const torch::Tensor& x, double probability) {
  return probability <= 0.0 ? x : x / (1.0 - probability) * draw_mask(x, probability);
}

torch::Tensor drop_path_factors(const torch::Tensor& like, double probability) {
  return (draw_mask(like, probability) / (1.0 - probability)).flatten();
}

}  // namespace sanas
