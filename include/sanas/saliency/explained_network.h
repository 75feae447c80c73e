// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network as the saliency methods see it.

#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <utility>

#include "sanas/attack/pgd.h"
#include "sanas/data/image_preparation.h"
#include "sanas/nn/normalization.h"

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

/// From normalised pixels to logits and, where there are cells, the output of the last one.
using CellForward =
    std::function<std::pair<torch::Tensor, torch::Tensor>(const torch::Tensor& normalized)>;

/// How `module` is explained, whose pass is `forward`. A network whose batch norms have no running
/// statistics, or that draws random numbers, sees one image at a time and the same numbers for
/// each. What it returns throws Interrupted once a signal asks to stop (ScopedSignals).
ExplainedNetwork explain(const torch::nn::Module& module, const CellForward& forward,
                         const PixelNormalization& normalization, bool has_cells);

/// A network in evaluation mode that maps are made of.
struct ExplainedModule {
  std::shared_ptr<torch::nn::Module> module;
  /// Refers to `module`.
  ExplainedNetwork network;
  /// How the network's tests bring it an image.
  std::shared_ptr<const ImagePreparation> preparation;

  /// Size of the images that it sees, in pixels.
  int64_t height() const { return preparation->height(); }
  int64_t width() const { return preparation->width(); }
};

}  // namespace sanas
