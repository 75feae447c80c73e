// SPDX-License-Identifier: Apache-2.0
#include "train/saliency_input.h"

#include <utility>

#include "attack/seeded_start.h"
#include "sanas/core/error.h"

namespace sanas {

ImageFunction saliency_input(ImageFunction classifier, const SaliencyInputOptions& options) {
  if (options.attack.loss == AttackLoss::kLabel) {
    throw ConfigError(
        "evaluation.inference: an image to predict has no label for attack.loss: label; use soft "
        "or pseudo");
  }
  return [classifier = std::move(classifier), options](const torch::Tensor& pixels) {
    const torch::AutoGradMode with_gradients(true);
    const auto start = seeded_start(pixels, options.attack, options.seed);
    const auto delta = attack(classifier, pixels, /*labels=*/{}, start, options.attack);
    return reweight(pixels, delta, options.reweighting, options.attack.epsilon,
                    options.normalization);
  };
}

}  // namespace sanas
