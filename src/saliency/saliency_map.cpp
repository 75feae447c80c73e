// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/saliency_map.h"

#include <torch/nn/functional/upsampling.h>

#include <vector>

#include "sanas/attack/seeded_start.h"
#include "sanas/core/random.h"

namespace sanas {

std::string to_string(ColorReduction reduction) {
  switch (reduction) {
    case ColorReduction::kMax:
      return "max";
    case ColorReduction::kMean:
      return "mean";
    case ColorReduction::kL2:
      return "l2";
  }
  return {};
}

torch::Tensor reduce_color(const torch::Tensor& values, ColorReduction reduction) {
  switch (reduction) {
    case ColorReduction::kMax:
      return values.amax(1);
    case ColorReduction::kMean:
      return values.mean(1);
    case ColorReduction::kL2:
      return values.norm(2, 1);
  }
  TORCH_CHECK(false, "no such reduction");
}

torch::Tensor pgd_saliency(const Classifier& classifier, const torch::Tensor& images,
                           const torch::Tensor& labels, const AttackOptions& options, uint64_t seed,
                           int64_t starts) {
  torch::Tensor sum = torch::zeros_like(images);
  for (int64_t k = 0; k < starts; ++k) {
    const uint64_t start_seed = k == 0 ? seed : derive_seed(seed, {static_cast<uint64_t>(k)});
    const torch::Tensor start = seeded_start(images, options, start_seed);
    const torch::Tensor delta = attack(classifier, images, labels, start, options);
    // The one small step of eq. 2 is lost in the random numbers that it starts from.
    sum += (options.steps == 0 ? delta - start : delta).abs();
  }
  return sum / starts;
}

torch::Tensor resize_map(const torch::Tensor& map, int64_t height, int64_t width) {
  TORCH_CHECK(map.dim() == 2, "expected H×W, not ", map.sizes());
  const auto values = map.detach().to(torch::kCPU, torch::kDouble);
  if (map.size(0) == height && map.size(1) == width) {
    return values;
  }
  return torch::nn::functional::interpolate(values.unsqueeze(0).unsqueeze(0),
                                            torch::nn::functional::InterpolateFuncOptions()
                                                .size(std::vector<int64_t>{height, width})
                                                .mode(torch::kBilinear)
                                                .align_corners(false))
      .squeeze(0)
      .squeeze(0);
}

torch::Tensor scale_for_display(const torch::Tensor& map, double low, double high) {
  TORCH_CHECK(0.0 <= low && low < high && high <= 100.0, "percentiles ", low, " and ", high);
  const auto values = map.detach().to(torch::kCPU, torch::kDouble);
  const auto limits =
      torch::quantile(values.flatten(), torch::tensor({low / 100.0, high / 100.0}, torch::kDouble));
  const double bottom = limits[0].item<double>();
  const double range = limits[1].item<double>() - bottom;
  if (range <= 0.0) {
    return torch::zeros_like(values);
  }
  return ((values - bottom) / range).clamp(0.0, 1.0);
}

}  // namespace sanas
