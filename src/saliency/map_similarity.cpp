// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/map_similarity.h"

#include <torch/nn/functional/conv.h>

#include <algorithm>

#include "sanas/saliency/saliency_map.h"

namespace sanas {
namespace {

using torch::Tensor;

/// Ranks from 1; equal values share their mean rank.
Tensor ranks(const Tensor& values) {
  const auto flat = values.detach().to(torch::kCPU, torch::kDouble).flatten();
  const auto [distinct, inverse, counts] =
      torch::_unique2(flat, /*sorted=*/true, /*return_inverse=*/true, /*return_counts=*/true);
  const auto last = counts.cumsum(0).to(torch::kDouble);
  const auto mean_rank = last - (counts.to(torch::kDouble) - 1.0) / 2.0;
  return mean_rank.index_select(0, inverse);
}

/// k×k weights of a Gaussian, of sum 1.
Tensor gaussian_window(int64_t size, double deviation) {
  const auto x = torch::arange(size, torch::kDouble) - static_cast<double>(size - 1) / 2.0;
  const auto weights = (-x.square() / (2.0 * deviation * deviation)).exp();
  return torch::outer(weights, weights) / weights.sum().square();
}

}  // namespace

double rank_correlation(const Tensor& a, const Tensor& b) {
  TORCH_CHECK(a.sizes() == b.sizes(), "maps of ", a.sizes(), " and ", b.sizes());
  const auto x = ranks(a);
  const auto y = ranks(b);
  const auto dx = x - x.mean();
  const auto dy = y - y.mean();
  return ((dx * dy).sum() / (dx.square().sum() * dy.square().sum()).sqrt()).item<double>();
}

double structural_similarity(const Tensor& a, const Tensor& b) {
  TORCH_CHECK(a.sizes() == b.sizes() && a.dim() == 2, "maps of ", a.sizes(), " and ", b.sizes());
  constexpr int64_t kWindow = 11;
  constexpr double kC1 = 0.01 * 0.01;
  constexpr double kC2 = 0.03 * 0.03;
  int64_t size = std::min({kWindow, a.size(0), a.size(1)});
  size -= size % 2 == 0 ? 1 : 0;
  const auto window = gaussian_window(size, 1.5).view({1, 1, size, size});
  const auto mean = [&](const Tensor& map) {
    return torch::nn::functional::conv2d(map.view({1, 1, map.size(0), map.size(1)}), window);
  };
  const auto x = scale_for_display(a);
  const auto y = scale_for_display(b);
  const auto mx = mean(x);
  const auto my = mean(y);
  const auto variance_x = mean(x * x) - mx * mx;
  const auto variance_y = mean(y * y) - my * my;
  const auto covariance = mean(x * y) - mx * my;
  const auto similarity = (2.0 * mx * my + kC1) * (2.0 * covariance + kC2) /
                          ((mx * mx + my * my + kC1) * (variance_x + variance_y + kC2));
  return similarity.mean().item<double>();
}

}  // namespace sanas
