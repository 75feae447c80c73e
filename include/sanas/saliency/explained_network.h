// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <functional>
#include <utility>

#include "sanas/attack/pgd.h"

namespace sanas {

/// A trained network as saliency methods see it: a function of raw pixels whose rows don't
/// influence each other.
struct ExplainedNetwork {
  /// N×3×H×W in [0, 1] to logits N×K.
  Classifier logits;
  /// The same logits, and the output N×C×h×w of the last cell, for Grad-CAM. Empty where a network
  /// has no such thing.
  std::function<std::pair<torch::Tensor, torch::Tensor>(const torch::Tensor& pixels)>
      logits_and_features;
  /// At most so many images at a time are given to logits_and_features; 0: any number. (Those of
  /// several passes put together would be no part of the way from images to logits.)
  int64_t most_rows = 0;
};

}  // namespace sanas
