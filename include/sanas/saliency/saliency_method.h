// SPDX-License-Identifier: Apache-2.0
#pragma once

// All saliency methods behind one function.

#include <torch/types.h>

#include <cstdint>
#include <string>

#include "sanas/saliency/explained_network.h"
#include "sanas/saliency/gradient_maps.h"
#include "sanas/saliency/saliency_map.h"

namespace sanas {

enum class SaliencyMethod { kPgd, kGradient, kSmoothGrad, kIntegratedGradients, kGradCam };

std::string to_string(SaliencyMethod method);

/// What each method can be told.
struct SaliencyMethodOptions {
  AttackOptions attack;
  /// Random starts that PGD's maps are averaged over, and the Gaussian that they are smoothed with
  /// (smooth_maps), in pixels.
  int64_t starts = 1;
  double smoothing = 0.0;
  SmoothGradOptions smoothgrad;
  IntegratedGradientsOptions integrated_gradients;
};

/// What is explained.
struct SaliencyBatch {
  /// Raw pixels N×3×H×W in [0, 1].
  torch::Tensor images;
  /// int64, N: the true classes, for AttackLoss::kLabel.
  torch::Tensor labels;
  /// int64, N: the logits whose derivatives are taken, by all methods but PGD.
  torch::Tensor targets;
};

struct SaliencyMaps {
  /// N×3×H×W, of Grad-CAM N×1×H×W; not negative, larger for more important.
  torch::Tensor values;
  /// N, of integrated gradients only.
  torch::Tensor completeness_error;
};

/// Maps of a batch by one method. Deterministic in `seed`, image by image.
SaliencyMaps make_maps(const ExplainedNetwork& network, const SaliencyBatch& batch,
                       SaliencyMethod method, const SaliencyMethodOptions& options, uint64_t seed);

}  // namespace sanas
