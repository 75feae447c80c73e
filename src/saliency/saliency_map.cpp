// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/saliency_map.h"

#include <algorithm>
#include <cmath>

#include "attack/seeded_start.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

/// Rows first, …, first + count − 1 of a picture, whose centres lie between those of the map's
/// rows; beyond the outermost ones a map goes on as it ends.
torch::Tensor interpolated(const torch::Tensor& map, const AxisGeometry& axis, int64_t first,
                           int64_t count) {
  const auto last = static_cast<double>(map.size(0) - 1);
  const auto picture = torch::arange(first, first + count, torch::kDouble) + 0.5;
  const auto position = (picture * axis.scale + axis.offset - 0.5).clamp(0.0, last);
  const auto below = position.floor();
  const auto share = (position - below).unsqueeze(1);
  const auto index = below.to(torch::kLong);
  const auto values = map.index_select(0, index);
  const auto next = map.index_select(0, (index + 1).clamp_max(map.size(0) - 1));
  return values + (next - values) * share;  // equal values stay equal
}

/// Of values whose order may be changed. (torch::quantile takes no more than 16 million.)
double percentile(torch::Tensor& values, double percent) {
  double* const begin = values.mutable_data_ptr<double>();
  double* const end = begin + values.numel();
  const double rank = percent / 100.0 * static_cast<double>(values.numel() - 1);
  double* const lower = begin + static_cast<int64_t>(rank);
  std::nth_element(begin, lower, end);
  if (lower + 1 == end) {
    return *lower;
  }
  const double share = rank - static_cast<double>(lower - begin);
  return *lower + share * (*std::min_element(lower + 1, end) - *lower);
}

/// Along one axis, by sums of moved copies: no result depends on what else is in the batch.
torch::Tensor smoothed_along(const torch::Tensor& maps, int64_t axis, double sigma) {
  const auto reach = static_cast<int64_t>(3.0 * sigma + 0.5);
  const auto places = torch::arange(maps.size(axis), maps.options().dtype(torch::kLong));
  torch::Tensor sum = torch::zeros_like(maps);
  double total = 0.0;
  for (int64_t offset = -reach; offset <= reach; ++offset) {
    const double distance = static_cast<double>(offset) / sigma;
    const double weight = std::exp(-0.5 * distance * distance);
    sum += weight * maps.index_select(axis, (places + offset).clamp(0, maps.size(axis) - 1));
    total += weight;
  }
  return sum / total;
}

}  // namespace

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

torch::Tensor smooth_maps(const torch::Tensor& maps, double sigma) {
  TORCH_CHECK(maps.dim() == 4 && sigma >= 0.0, "maps of ", maps.sizes(), " smoothed by ", sigma);
  return sigma == 0.0 ? maps : smoothed_along(smoothed_along(maps, 2, sigma), 3, sigma);
}

torch::Tensor map_on_picture(const torch::Tensor& map, const ImageGeometry& geometry) {
  TORCH_CHECK(map.dim() == 2 && map.size(0) == geometry.height && map.size(1) == geometry.width,
              "a map of ", map.sizes(), " for ", geometry.height, "×", geometry.width);
  const PictureWindow seen = geometry.seen();
  const auto values = map.detach().to(torch::kCPU, torch::kDouble);
  const auto rows = interpolated(values, geometry.rows, seen.top, seen.height);
  const auto both = interpolated(rows.t(), geometry.columns, seen.left, seen.width).t();
  auto result = torch::zeros({geometry.picture_height, geometry.picture_width}, torch::kDouble);
  result.narrow(0, seen.top, seen.height).narrow(1, seen.left, seen.width).copy_(both);
  return result;
}

torch::Tensor seen_pixels(const ImageGeometry& geometry) {
  const PictureWindow seen = geometry.seen();
  auto result = torch::zeros({geometry.picture_height, geometry.picture_width}, torch::kBool);
  result.narrow(0, seen.top, seen.height).narrow(1, seen.left, seen.width).fill_(true);
  return result;
}

torch::Tensor scale_for_display(const torch::Tensor& map, double low, double high,
                                const torch::Tensor& seen) {
  TORCH_CHECK(0.0 <= low && low < high && high <= 100.0, "percentiles ", low, " and ", high);
  const auto values = map.detach().to(torch::kCPU, torch::kDouble);
  auto pool = torch::nan_to_num(seen.defined() ? values.masked_select(seen) : values.flatten());
  if (pool.numel() == 0) {
    return torch::zeros_like(values);
  }
  const double bottom = percentile(pool, low);
  const double range = percentile(pool, high) - bottom;
  if (range <= 0.0) {
    return torch::zeros_like(values);
  }
  return ((values - bottom) / range).clamp(0.0, 1.0);
}

}  // namespace sanas
