// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sanas/attack/pgd.h"

namespace sanas {

/// initial_perturbation where the start of every image is drawn from the same seed, so that it does
/// not depend on how images are batched. The default generators stand afterwards where they stood.
torch::Tensor seeded_start(const torch::Tensor& images, const AttackOptions& options,
                           uint64_t seed);

}  // namespace sanas
