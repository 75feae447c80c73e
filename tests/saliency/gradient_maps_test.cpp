// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/gradient_maps.h"

#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "sanas/saliency/saliency_method.h"
#include "support/device.h"

namespace sanas {
namespace {

/// Logits that are quadratic forms of the pixels, so that every derivative is known.
class GradientMaps : public testing::Test {
 protected:
  GradientMaps() {
    torch::manual_seed(5);
    const auto options = torch::TensorOptions(torch::kDouble).device(test_device());
    images_ = torch::rand({3, 3, 4, 5}, options);
    targets_ = torch::tensor({2, 0, 1}, torch::kInt64).to(test_device());
    linear_ = torch::randn({4, 60}, options);
    quadratic_ = torch::randn({4, 60}, options);
    network_.logits = [this](const torch::Tensor& x) {
      const auto pixels = x.flatten(1);
      return pixels.mm(linear_.t()) + pixels.square().mm(quadratic_.t());
    };
  }

  torch::Tensor of_targets(const torch::Tensor& weights) const {
    return weights.index_select(0, targets_).view_as(images_);
  }

  torch::Tensor gradient(const torch::Tensor& x) const {
    return of_targets(linear_) + 2.0 * of_targets(quadratic_) * x;
  }

  torch::Tensor images_, targets_, linear_, quadratic_;
  ExplainedNetwork network_;
};

TEST_F(GradientMaps, TheGradientIsThatOfTheTargetLogit) {
  EXPECT_TRUE(torch::allclose(target_gradient(network_.logits, images_, targets_),
                              gradient(images_), 1e-12, 1e-14));
}

TEST_F(GradientMaps, SmoothGradAddsTheMeanNoiseOfEachImageToALinearGradient) {
  const SmoothGradOptions options{.samples = 4, .noise = 0.2};
  torch::Tensor noise = torch::zeros_like(images_[0]);
  for (int64_t k = 0; k < 4; ++k) {
    noise += smoothgrad_noise(images_, k, 9) / 4;
  }
  torch::Tensor expected = torch::empty_like(images_);
  for (int64_t i = 0; i < 3; ++i) {
    const auto range = images_[i].max() - images_[i].min();
    expected[i] = gradient(images_)[i] + 2.0 * of_targets(quadratic_)[i] * 0.2 * range * noise;
  }
  EXPECT_TRUE(torch::allclose(smoothgrad(network_.logits, images_, targets_, options, 9), expected,
                              1e-12, 1e-13));
}

TEST_F(GradientMaps, SmoothGradWithoutNoiseIsTheGradient) {
  const SmoothGradOptions options{.samples = 3, .noise = 0.0};
  EXPECT_TRUE(torch::allclose(smoothgrad(network_.logits, images_, targets_, options, 1),
                              gradient(images_), 1e-12, 1e-14));
}

TEST_F(GradientMaps, TheMidpointRuleIntegratesALinearGradientExactly) {
  const IntegratedGradientsOptions options{.steps = 3, .baseline = {0.1, 0.5, 0.9}};
  const auto baseline =
      torch::tensor({0.1, 0.5, 0.9}, images_.options()).view({1, 3, 1, 1}).expand_as(images_);
  const auto found = integrated_gradients(network_.logits, images_, targets_, options);
  const auto expected =
      (images_ - baseline) * (of_targets(linear_) + of_targets(quadratic_) * (images_ + baseline));
  EXPECT_TRUE(torch::allclose(found.values, expected, 1e-12, 1e-13));
  EXPECT_LT(found.completeness_error.max().item<double>(), 1e-10);
}

TEST_F(GradientMaps, TheCompletenessErrorFallsWithTheSquareOfTheSteps) {
  const Classifier curved = [this](const torch::Tensor& x) {
    return (x.flatten(1).mm(linear_.t()) / 5.0).sin();
  };
  const auto error = [&](int64_t steps) {
    return integrated_gradients(curved, images_, targets_, {.steps = steps, .baseline = {}})
        .completeness_error;
  };
  const auto ratio = error(20) / error(40);
  EXPECT_TRUE(torch::allclose(ratio, torch::full_like(ratio, 4.0), 0.05)) << ratio;
}

TEST_F(GradientMaps, GradCamWeighsChannelsWithTheirMeanGradient) {
  const auto head = torch::randn({4, 3}, images_.options());
  network_.logits_and_features = [&](const torch::Tensor& x) {
    const auto features = torch::avg_pool2d(x.narrow(3, 0, 4), 2);  // 3×3×2×2
    return std::pair{features.sum({2, 3}).mm(head.t()), features};
  };
  const auto features = network_.logits_and_features(images_).second;
  const auto weights = head.index_select(0, targets_).view({3, 3, 1, 1});
  const auto map = grad_cam(network_, images_, targets_);
  EXPECT_EQ(map.sizes(), (std::vector<int64_t>{3, 1, 4, 5}));
  // The corners of a bilinear enlargement are those of the small map.
  const auto corner = (weights * features).sum(1).relu().narrow(1, 0, 1).narrow(2, 0, 1).flatten();
  EXPECT_TRUE(torch::allclose(map.select(2, 0).select(2, 0).flatten(), corner, 1e-12, 1e-14));
  EXPECT_GE(map.min().item<double>(), 0.0);
}

TEST_F(GradientMaps, GradCamNeedsALastCell) {
  EXPECT_THROW(grad_cam(network_, images_, targets_), ConfigError);
}

TEST_F(GradientMaps, NoMethodDependsOnTheBatch) {
  network_.logits_and_features = [this](const torch::Tensor& x) {
    const auto features = x * 1.0;
    return std::pair{network_.logits(features), features};
  };
  SaliencyMethodOptions options;
  options.starts = 2;
  options.smoothgrad.samples = 2;
  for (const auto method :
       {SaliencyMethod::kPgd, SaliencyMethod::kGradient, SaliencyMethod::kSmoothGrad,
        SaliencyMethod::kIntegratedGradients, SaliencyMethod::kGradCam}) {
    const auto all = make_maps(network_, {images_, targets_, targets_}, method, options, 4).values;
    for (int64_t i = 0; i < 3; ++i) {
      const auto one =
          make_maps(network_,
                    {images_.narrow(0, i, 1), targets_.narrow(0, i, 1), targets_.narrow(0, i, 1)},
                    method, options, 4)
              .values;
      EXPECT_TRUE(torch::allclose(one[0], all[i], 1e-12, 1e-15)) << to_string(method);
    }
  }
}

TEST_F(GradientMaps, PgdAveragesOverItsStarts) {
  const auto maps = [&](int64_t starts, uint64_t seed) {
    return pgd_saliency(network_.logits, images_, targets_, {}, seed, starts);
  };
  const auto distinct = [](const torch::Tensor& map) {
    return std::get<0>(torch::_unique((map * 1e9).round())).numel();
  };
  EXPECT_TRUE(maps(1, 3).equal(maps(1, 3)));
  EXPECT_LE(maps(5, 3).max().item<double>(), AttackOptions{}.epsilon + 1e-12);
  // Mean of two: from the map of the first start and that of both, the second's is a map again.
  const auto second = 2.0 * maps(2, 3) - maps(1, 3);
  EXPECT_GE(second.min().item<double>(), -1e-15);
  EXPECT_LE(second.max().item<double>(), AttackOptions{}.epsilon + 1e-12);
  EXPECT_GT(distinct(maps(8, 3)), distinct(maps(1, 3)));
}

}  // namespace
}  // namespace sanas
