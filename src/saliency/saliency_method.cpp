// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/saliency_method.h"

namespace sanas {

std::string to_string(SaliencyMethod method) {
  switch (method) {
    case SaliencyMethod::kPgd:
      return "pgd";
    case SaliencyMethod::kGradient:
      return "gradient";
    case SaliencyMethod::kSmoothGrad:
      return "smoothgrad";
    case SaliencyMethod::kIntegratedGradients:
      return "integrated_gradients";
    case SaliencyMethod::kGradCam:
      return "gradcam";
  }
  return {};
}

SaliencyMaps make_maps(const ExplainedNetwork& network, const SaliencyBatch& batch,
                       SaliencyMethod method, const SaliencyMethodOptions& options, uint64_t seed) {
  const auto& [images, labels, targets] = batch;
  switch (method) {
    case SaliencyMethod::kPgd:
      return {smooth_maps(pgd_saliency(network.logits, images, labels, options.attack, seed,
                                       options.starts),
                          options.smoothing),
              {}};
    case SaliencyMethod::kGradient:
      return {target_gradient(network.logits, images, targets).abs(), {}};
    case SaliencyMethod::kSmoothGrad:
      return {smoothgrad(network.logits, images, targets, options.smoothgrad, seed).abs(), {}};
    case SaliencyMethod::kIntegratedGradients: {
      auto result =
          integrated_gradients(network.logits, images, targets, options.integrated_gradients);
      return {result.values.abs(), result.completeness_error};
    }
    case SaliencyMethod::kGradCam:
      return {grad_cam(network, images, targets), {}};
  }
  TORCH_CHECK(false, "no such method");
}

}  // namespace sanas
