// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/perturbation_curve.h"

namespace sanas {

torch::Tensor perturbation_curves(const Classifier& classifier, const torch::Tensor& images,
                                  const torch::Tensor& maps, const torch::Tensor& targets,
                                  Perturbation perturbation, int64_t steps) {
  const torch::NoGradGuard no_grad;
  const int64_t size = images.size(0);
  const int64_t pixels = images.size(2) * images.size(3);
  TORCH_CHECK(steps > 0 && maps.numel() == size * pixels, "maps of ", maps.sizes(),
              " for images of ", images.sizes());
  const auto order = maps.flatten(1).argsort(/*stable=*/true, /*dim=*/1, /*descending=*/true);
  // The rank of each pixel: 0 for the most salient.
  const auto rank =
      torch::empty_like(order)
          .scatter_(1, order, torch::arange(pixels, order.options()).expand({size, pixels}))
          .view({size, 1, images.size(2), images.size(3)})
          .to(images.device());
  const auto mean_color = images.mean({2, 3}, /*keepdim=*/true);
  auto curves = torch::empty({size, steps + 1}, torch::kDouble);
  for (int64_t k = 0; k <= steps; ++k) {
    const auto first = rank < k * pixels / steps;
    const auto kept = perturbation == Perturbation::kDeletion ? first.logical_not() : first;
    const auto probabilities = classifier(torch::where(kept, images, mean_color)).softmax(1);
    curves.select(1, k).copy_(probabilities.gather(1, targets.unsqueeze(1)).squeeze(1));
  }
  return curves;
}

torch::Tensor curve_areas(const torch::Tensor& curves) {
  const int64_t steps = curves.size(1) - 1;
  return (curves.narrow(1, 0, steps) + curves.narrow(1, 1, steps)).sum(1) /
         (2.0 * static_cast<double>(steps));
}

}  // namespace sanas
