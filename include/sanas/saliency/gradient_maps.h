// SPDX-License-Identifier: Apache-2.0
#pragma once

// Saliency by derivatives: gradient, SmoothGrad, integrated gradients and Grad-CAM.

#include <torch/types.h>

#include <array>
#include <cstdint>

#include "sanas/saliency/explained_network.h"

namespace sanas {

// Saliency by derivatives of one logit. Everywhere: `images` are raw pixels N×3×H×W in [0, 1],
// `targets` int64 the logit of each image that is explained, and a map is a function of its image,
// the network, the options and the seed alone: it does not depend on what else is in the batch.

/// ∂ logit_target / ∂ pixels with its sign, N×3×H×W.
torch::Tensor target_gradient(const Classifier& classifier, const torch::Tensor& images,
                              const torch::Tensor& targets);

struct SmoothGradOptions {
  int64_t samples = 25;
  /// Standard deviation of the noise as a share of each image's range (largest minus smallest
  /// pixel).
  double noise = 0.15;
};

/// Noise of sample `index`, 3×H×W from N(0, 1), the same for every image.
torch::Tensor smoothgrad_noise(const torch::Tensor& images, int64_t index, uint64_t seed);

/// The mean of the gradient over noisy copies of each image (Smilkov et al. 2017), with its sign,
/// N×3×H×W. Noisy pixels are not clipped.
torch::Tensor smoothgrad(const Classifier& classifier, const torch::Tensor& images,
                         const torch::Tensor& targets, const SmoothGradOptions& options,
                         uint64_t seed);

struct IntegratedGradientsOptions {
  /// Points of the midpoint rule.
  int64_t steps = 32;
  /// Colour of the image that the path begins at, in [0, 1]; black by default.
  std::array<double, 3> baseline{0.0, 0.0, 0.0};
};

struct IntegratedGradients {
  /// With their sign, N×3×H×W.
  torch::Tensor values;
  /// N: |Σ values − (logit(image) − logit(baseline))|, which is 0 for the exact integral.
  torch::Tensor completeness_error;
};

/// (image − baseline) · ∫ gradient along the straight path (Sundararajan et al. 2017), by the
/// midpoint rule: the gradients at (k + ½)/steps.
IntegratedGradients integrated_gradients(const Classifier& classifier, const torch::Tensor& images,
                                         const torch::Tensor& targets,
                                         const IntegratedGradientsOptions& options);

/// Grad-CAM (Selvaraju et al. 2017) on the last cell: ReLU of its channels weighted with the mean
/// of their gradients, enlarged bilinearly to the image. N×1×H×W.
/// Throws ConfigError for a network without logits_and_features.
torch::Tensor grad_cam(const ExplainedNetwork& network, const torch::Tensor& images,
                       const torch::Tensor& targets);

}  // namespace sanas
