// SPDX-License-Identifier: Apache-2.0
#include "supernet/path_regularizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "search_support.h"

namespace sanas {
namespace {

/// A mask with two entries per row.
template <typename Other>
torch::Tensor row_mask(Other other) {
  auto mask = torch::zeros({14, 8}, torch::kDouble);
  for (int64_t e = 0; e < 14; ++e) {
    mask[e][e % 8] = 1.0;
    mask[e][other(e) % 8] = 1.0;
  }
  return mask;
}

struct Result {
  double value;
  double normal_gradient;
  double reduce_gradient;
};

Result golden_result(double temperature) {
  const PathRegularizer regularizer(make_search_space("prdarts"), {});
  const auto normal = golden_alphas(false).to(test_device()).requires_grad_(true);
  const auto reduce = golden_alphas(true).to(test_device()).requires_grad_(true);
  const auto value = regularizer(normal, reduce, row_mask([](int64_t e) { return 3 * e + 1; }),
                                 row_mask([](int64_t e) { return 5 * e + 3; }), temperature);
  const auto gradients = gradients_of(value, {normal, reduce});
  return {value.item<double>(), gradients[0].norm().item<double>(),
          gradients[1].norm().item<double>()};
}

// darts-family §13.7.
TEST(PathRegularizer, GoldenValues) {
  const auto at10 = golden_result(10.0);
  expect_published({at10.value}, "0.011000000000");
  EXPECT_LT(std::max(at10.normal_gradient, at10.reduce_gradient), 1e-12);
  const auto check = [](double temperature, const char* expected) {
    const auto found = golden_result(temperature);
    expect_published({found.value, found.normal_gradient, found.reduce_gradient}, expected);
  };
  check(1.0, "0.010499780216 3.3504173467e-4 3.6252861236e-4");
  check(0.5, "0.009118550158 6.3478677329e-4 6.6291312707e-4");
  check(0.1, "0.006371510281 7.1407402083e-4 7.8365926725e-4");
}

TEST(PathRegularizer, EmptyGroupsCountAsZero) {
  const PathRegularizer regularizer(make_search_space("prdarts"), {});
  const auto alphas = torch::zeros({14, 8}, torch::kDouble).requires_grad_(true);
  auto only_skips = torch::zeros({14, 8}, torch::kDouble);
  only_skips.select(1, 1).fill_(1.0);
  const auto value = regularizer(alphas, alphas, only_skips, only_skips, 1.0);
  const double q = 1.0 / (1.0 + std::exp(-std::log(11.0)));  // σ(ln(1.1 / 0.1))
  EXPECT_NEAR(value.item<double>(), 0.01 * (q - 0.2), 1e-15);
  EXPECT_TRUE(torch::isfinite(gradients_of(value, {alphas})[0]).all().item<bool>());
}

TEST(PathRegularizer, DepthSkipsEdgesOfTheChainWithoutConvolution) {
  PrdartsOptions options;
  options.skip_penalty = options.group_penalty = 0.0;
  options.depth_reward = 1.0;
  const PathRegularizer regularizer(make_search_space("prdarts"), options);
  auto mask = torch::zeros({14, 8}, torch::kDouble);
  mask.select(1, 0).fill_(1.0);
  // Convolutions on two edges of the chain 1, 4, 8, 13, and on one beside it.
  mask[4][2] = mask[13][5] = mask[3][2] = 1.0;
  const auto alphas = golden_alphas(false);
  const auto q = [&](int64_t e, int64_t k) {
    return 1.0 / (1.0 + std::exp(-(alphas[e][k].item<double>() + std::log(11.0))));
  };
  const auto value = regularizer(alphas, alphas, mask, mask, 1.0);
  EXPECT_NEAR(value.item<double>(), -q(4, 2) * q(13, 5), 1e-14);
}

TEST(PathRegularizer, NoiseCountsLikeNone) {
  PrdartsOptions options;
  options.depth_reward = 1.0;
  const PathRegularizer regularizer(make_search_space("s4"), options);
  const auto alphas = torch::zeros({14, 2}, torch::kDouble);
  auto only_noise = torch::zeros({14, 2}, torch::kDouble);
  only_noise.select(1, 0).fill_(1.0);
  const double q = 11.0 / 12.0;
  EXPECT_NEAR(regularizer(alphas, alphas, only_noise, only_noise, 1.0).item<double>(),
              0.005 * (q - 0.2), 1e-15);
}

}  // namespace
}  // namespace sanas
