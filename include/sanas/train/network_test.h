// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tests a network: predictions, accuracy and latency.

#include <cstdint>
#include <functional>
#include <string>

#include "sanas/core/phase.h"
#include "sanas/data/loader.h"
#include "sanas/nn/eval_network.h"
#include "sanas/nn/normalization.h"
#include "sanas/optim/classification_report.h"

namespace sanas {

/// From raw pixels N×3×H×W in [0, 1] to logits N×K, or to other pixels of the same shape.
using ImageFunction = std::function<torch::Tensor(const torch::Tensor& pixels)>;

/// The logits of a network in evaluation mode, normalisation included; it may be differentiated.
/// `network` has to outlive the function. A network that draws random numbers draws them from the
/// default generators, which stand afterwards where they stood: an attack on it sees one draw.
ImageFunction predictor(EvalNetwork& network, const PixelNormalization& normalization);

/// `predict`, which throws Interrupted once `observer` wants to stop: also between two of the many
/// predictions that an attack takes. The observer has to outlive the function.
ImageFunction stoppable(ImageFunction predict, const PhaseObserver& observer);

struct ClassifierTestOptions {
  int64_t classes = 0;
  torch::Device device = torch::kCPU;
  /// Of what the network draws (Noise), by batch.
  uint64_t seed = 0;
  /// What the work is called while it is looked on.
  std::string phase = "test";
};

/// Everything that `predict` gets right on all images of a loader, without recording gradients; an
/// image that can't be decoded is counted as skipped where the loader allows it.
/// @param observer of the phase, a batch each part. Throws Interrupted.
ClassificationReport test_classifier(const ImageFunction& predict, DataLoader& images,
                                     const ClassifierTestOptions& options,
                                     PhaseObserver& observer = nobody());

/// Seconds that one image takes.
struct Latency {
  double median = 0.0;
  double percentile95 = 0.0;
  int64_t runs = 0;
};

/// Predicts one image at a time, `runs` times after some warm-up. Waits for a GPU to finish.
/// @param image 1×3×H×W on the device.
/// @param observer of the phase "latency", a prediction each part. Throws Interrupted.
Latency measure_latency(const ImageFunction& predict, const torch::Tensor& image, int64_t runs,
                        PhaseObserver& observer = nobody());

}  // namespace sanas
