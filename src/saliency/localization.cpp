// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/localization.h"

#include <algorithm>

namespace sanas {
namespace {

/// Intersection over union of the mask with the `taken` most salient pixels, `hits` of them in it.
double iou(int64_t hits, int64_t taken, int64_t mask_size) {
  return static_cast<double>(hits) / static_cast<double>(mask_size + taken - hits);
}

}  // namespace

LocalizationScores localization_scores(const torch::Tensor& map, const torch::Tensor& mask,
                                       double threshold) {
  TORCH_CHECK(map.sizes() == mask.sizes() && map.dim() == 2, "a map of ", map.sizes(),
              " and a mask of ", mask.sizes());
  const auto values = map.detach().to(torch::kCPU, torch::kDouble).flatten();
  const auto inside = mask.to(torch::kCPU, torch::kBool).flatten();
  const int64_t pixels = values.numel();
  const auto mask_size = inside.sum().item<int64_t>();
  TORCH_CHECK(mask_size > 0 && mask_size<pixels, "the mask is ", mask_size> 0 ? "full" : "empty");

  LocalizationScores scores;
  const double sum = values.sum().item<double>();
  const double size_share = static_cast<double>(mask_size) / static_cast<double>(pixels);
  scores.energy = sum > 0.0 ? values.masked_select(inside).sum().item<double>() / sum : size_share;

  const auto [sorted, order] = values.sort(/*dim=*/0, /*descending=*/true);
  const auto sorted_inside = inside.index_select(0, order);
  const double* value = sorted.const_data_ptr<double>();
  const bool* hit = sorted_inside.const_data_ptr<bool>();
  const double limit = value[pixels - 1] + threshold * (value[0] - value[pixels - 1]);
  int64_t hits = 0;
  double recall = 0.0;
  for (int64_t i = 0; i < pixels; ++i) {
    hits += hit[i] ? 1 : 0;
    const int64_t taken = i + 1;
    if (taken < pixels && value[i + 1] == value[i]) {
      continue;  // equal values are on the same side of every threshold
    }
    if (value[i] == value[0]) {
      scores.pointing = static_cast<double>(hits) / static_cast<double>(taken);
    }
    scores.best_iou = std::max(scores.best_iou, iou(hits, taken, mask_size));
    if (value[i] >= limit) {
      scores.fixed_iou = iou(hits, taken, mask_size);
    }
    const double new_recall = static_cast<double>(hits) / static_cast<double>(mask_size);
    scores.average_precision +=
        (new_recall - recall) * static_cast<double>(hits) / static_cast<double>(taken);
    recall = new_recall;
  }
  return scores;
}

}  // namespace sanas
