// SPDX-License-Identifier: Apache-2.0
#include "attack/seeded_start.h"

#include "sanas/core/random.h"

namespace sanas {

torch::Tensor seeded_start(const torch::Tensor& images, const AttackOptions& options,
                           uint64_t seed) {
  torch::Tensor start = torch::empty_like(images);
  for (int64_t i = 0; i < images.size(0); ++i) {
    const FrozenRandomness frozen(seed);
    start.narrow(0, i, 1).copy_(initial_perturbation(images.narrow(0, i, 1), options));
  }
  return start;
}

}  // namespace sanas
