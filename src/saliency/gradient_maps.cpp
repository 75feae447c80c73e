// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/gradient_maps.h"

#include <torch/nn/functional/upsampling.h>

#include <algorithm>

#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

using torch::Tensor;

Tensor target_logits(const Tensor& logits, const Tensor& targets) {
  return logits.gather(1, targets.unsqueeze(1)).squeeze(1);
}

Tensor per_image(const Tensor& values) { return values.view({-1, 1, 1, 1}); }

Tensor grad_cam_of_rows(const ExplainedNetwork& network, const Tensor& images,
                        const Tensor& targets) {
  const torch::AutoGradMode with_gradients(true);
  // The features must have a history even where no weight asks for a gradient.
  const Tensor variable = images.detach().requires_grad_(true);
  const auto [logits, features] = network.logits_and_features(variable);
  const Tensor gradient = gradients_of(target_logits(logits, targets).sum(), {features}).front();
  const Tensor weights = gradient.mean({2, 3}, /*keepdim=*/true);
  const Tensor map = (weights * features.detach()).sum(1, /*keepdim=*/true).relu();
  return torch::nn::functional::interpolate(
      map, torch::nn::functional::InterpolateFuncOptions()
               .size(std::vector<int64_t>{images.size(2), images.size(3)})
               .mode(torch::kBilinear)
               .align_corners(false));
}

}  // namespace

Tensor target_gradient(const Classifier& classifier, const Tensor& images, const Tensor& targets) {
  const torch::AutoGradMode with_gradients(true);
  const Tensor variable = images.detach().requires_grad_(true);
  return gradients_of(target_logits(classifier(variable), targets).sum(), {variable}).front();
}

Tensor smoothgrad_noise(const Tensor& images, int64_t index, uint64_t seed) {
  const FrozenRandomness frozen(derive_seed(seed, {static_cast<uint64_t>(index)}));
  // Drawn on the CPU, so that a GPU makes the same maps.
  return torch::randn(images.sizes().slice(1), images.options().device(torch::kCPU))
      .to(images.device());
}

Tensor smoothgrad(const Classifier& classifier, const Tensor& images, const Tensor& targets,
                  const SmoothGradOptions& options, uint64_t seed) {
  const Tensor pixels = images.flatten(1);
  const Tensor deviation = per_image(options.noise * (pixels.amax(1) - pixels.amin(1)));
  Tensor sum = torch::zeros_like(images);
  for (int64_t k = 0; k < options.samples; ++k) {
    const Tensor noisy = images + deviation * smoothgrad_noise(images, k, seed);
    sum += target_gradient(classifier, noisy, targets);
  }
  return sum / options.samples;
}

IntegratedGradients integrated_gradients(const Classifier& classifier, const Tensor& images,
                                         const Tensor& targets,
                                         const IntegratedGradientsOptions& options) {
  const auto& color = options.baseline;
  const Tensor baseline = torch::tensor({color[0], color[1], color[2]}, images.options())
                              .view({1, 3, 1, 1})
                              .expand_as(images);
  const Tensor path = images - baseline;
  Tensor sum = torch::zeros_like(images);
  for (int64_t k = 0; k < options.steps; ++k) {
    const double position = (static_cast<double>(k) + 0.5) / static_cast<double>(options.steps);
    sum += target_gradient(classifier, baseline + position * path, targets);
  }
  IntegratedGradients result;
  result.values = path * sum / options.steps;
  const torch::NoGradGuard no_grad;
  const Tensor difference =
      target_logits(classifier(images), targets) - target_logits(classifier(baseline), targets);
  result.completeness_error = (result.values.flatten(1).sum(1) - difference).abs();
  return result;
}

Tensor grad_cam(const ExplainedNetwork& network, const Tensor& images, const Tensor& targets) {
  if (!network.logits_and_features) {
    throw ConfigError("gradcam: this network has no last cell to look at; use another method");
  }
  const int64_t count = images.size(0);
  const int64_t rows = network.most_rows > 0 ? network.most_rows : count;
  TensorList maps;
  for (int64_t i = 0; i < count; i += rows) {
    const int64_t taken = std::min(rows, count - i);
    maps.push_back(
        grad_cam_of_rows(network, images.narrow(0, i, taken), targets.narrow(0, i, taken)));
  }
  return torch::cat(maps);
}

}  // namespace sanas
