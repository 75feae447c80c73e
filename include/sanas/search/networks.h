// SPDX-License-Identifier: Apache-2.0
#pragma once

// The networks of a search: W1 and W2 on one architecture.

#include <memory>

#include "sanas/attack/pgd.h"
#include "sanas/nn/normalization.h"
#include "sanas/supernet/supernet.h"

namespace sanas {

/// The networks of a search: W1 and W2 on one A, and the normalisation in front of both. A plain
/// search has no second network.
struct SearchNetworks {
  std::shared_ptr<Supernet> net1;
  std::shared_ptr<Supernet> net2;
  PixelNormalization normalization;

  const std::shared_ptr<ArchParameters>& architecture() const {
    return net1->shared_architecture();
  }
};

/// Pixels to logits through `net`, with the same random draws (dropout, gates, noise) in every
/// call: evaluations differ only in the point.
Classifier frozen_classifier(Supernet& net, const PixelNormalization& normalization, uint64_t seed);

}  // namespace sanas
