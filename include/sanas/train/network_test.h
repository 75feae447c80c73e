// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "sanas/data/loader.h"
#include "sanas/nn/eval_network.h"
#include "sanas/nn/normalization.h"
#include "sanas/optim/classification_report.h"

namespace sanas {

/// From raw pixels N×3×H×W in [0, 1] to logits N×K, or to other pixels of the same shape.
using ImageFunction = std::function<torch::Tensor(const torch::Tensor& pixels)>;

/// The logits of a network in evaluation mode, normalisation included; it may be differentiated.
/// `network` has to outlive the function.
ImageFunction predictor(EvalNetwork& network, const PixelNormalization& normalization);

/// Everything that `predict` gets right on all images of a loader, without recording gradients.
ClassificationReport test_classifier(const ImageFunction& predict, DataLoader& images,
                                     int64_t classes, const torch::Device& device);

/// Seconds that one image takes.
struct Latency {
  double median = 0.0;
  double percentile95 = 0.0;
  int64_t runs = 0;
};

/// Predicts one image at a time, `runs` times after some warm-up. Waits for a GPU to finish.
/// @param image 1×3×H×W on the device.
Latency measure_latency(const ImageFunction& predict, const torch::Tensor& image, int64_t runs);

}  // namespace sanas
