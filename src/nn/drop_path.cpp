// SPDX-License-Identifier: Apache-2.0
#include "nn/drop_path.h"

namespace sanas {

torch::Tensor drop_path(const torch::Tensor& x, double probability) {
  if (probability <= 0.0) {
    return x;
  }
  TORCH_CHECK(probability < 1.0, "drop-path probability ", probability, " leaves nothing");
  const double keep = 1.0 - probability;
  const auto mask = torch::empty({x.size(0), 1, 1, 1}, x.options()).bernoulli_(keep);
  return x / keep * mask;
}

}  // namespace sanas
