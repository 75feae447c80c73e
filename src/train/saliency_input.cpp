// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/saliency_input.h"

#include <utility>

#include "sanas/core/error.h"
#include "sanas/core/random.h"

namespace sanas {

ImageFunction saliency_input(ImageFunction classifier, const SaliencyInputOptions& options) {
  if (options.attack.loss == AttackLoss::kLabel) {
    throw ConfigError(
        "evaluation.inference: an image to predict has no label for attack.loss: label; use soft "
        "or pseudo");
  }
  return [classifier = std::move(classifier), options](const torch::Tensor& pixels) {
    const torch::AutoGradMode with_gradients(true);
    auto start = torch::empty_like(pixels);
    for (int64_t i = 0; i < pixels.size(0); ++i) {
      const FrozenRandomness frozen(options.seed);
      start.narrow(0, i, 1).copy_(initial_perturbation(pixels.narrow(0, i, 1), options.attack));
    }
    const auto delta = attack(classifier, pixels, /*labels=*/{}, start, options.attack);
    return reweight(pixels, delta, options.reweighting, options.attack.epsilon,
                    options.normalization);
  };
}

}  // namespace sanas
