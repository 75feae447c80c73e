// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sanas/attack/pgd.h"
#include "sanas/attack/reweighting.h"
#include "sanas/train/network_test.h"

namespace sanas {

/// How an image is re-weighted by its own saliency before it is classified (supplement §C).
struct SaliencyInputOptions {
  AttackOptions attack;
  Reweighting reweighting = Reweighting::kDelta;
  WeightNormalization normalization = WeightNormalization::kNone;
  uint64_t seed = 0;
};

/// Re-weights images by the perturbation that `classifier`'s attack on them finds. The start of
/// every image's attack is drawn from the same seed, so that the result does not depend on how
/// images are batched.
/// Throws ConfigError for AttackLoss::kLabel: a test image has no label.
ImageFunction saliency_input(ImageFunction classifier, const SaliencyInputOptions& options);

}  // namespace sanas
