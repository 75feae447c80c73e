// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/networks.h"

#include "sanas/core/random.h"

namespace sanas {

Classifier frozen_classifier(Supernet& net, const PixelNormalization& normalization,
                             uint64_t seed) {
  return [&net, normalization, seed](const torch::Tensor& pixels) {
    const FrozenRandomness frozen(seed);
    return net.forward(normalization(pixels));
  };
}

}  // namespace sanas
