// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/nn.h>

#include <cmath>

#include "sanas/saliency/agreement.h"
#include "sanas/saliency/bootstrap.h"
#include "sanas/saliency/localization.h"
#include "sanas/saliency/map_similarity.h"
#include "sanas/saliency/perturbation_curve.h"
#include "sanas/saliency/weight_randomization.h"
#include "support/device.h"

namespace sanas {
namespace {

torch::Tensor matrix(const std::vector<double>& values, int64_t rows) {
  return torch::tensor(values, torch::kDouble).view({rows, -1});
}

TEST(Localization, CountsByHand) {
  const auto map = matrix({0, 1, 2, 5, 4, 0}, 2);
  const auto mask = matrix({0, 0, 1, 1, 0, 0}, 2) > 0;
  const auto scores = localization_scores(map, mask, 0.3);
  EXPECT_DOUBLE_EQ(scores.pointing, 1.0);
  EXPECT_DOUBLE_EQ(scores.energy, 7.0 / 12.0);
  EXPECT_DOUBLE_EQ(scores.best_iou, 2.0 / 3.0);   // {5, 4, 2}
  EXPECT_DOUBLE_EQ(scores.fixed_iou, 2.0 / 3.0);  // from 1.5 on
  EXPECT_DOUBLE_EQ(scores.average_precision, 0.5 * 1.0 + 0.5 * 2.0 / 3.0);
}

TEST(Localization, EqualValuesAreTakenTogether) {
  const auto mask = matrix({1, 0, 0, 0}, 2) > 0;
  const auto scores = localization_scores(torch::full({2, 2}, 3.0), mask, 0.5);
  EXPECT_DOUBLE_EQ(scores.pointing, 0.25);
  EXPECT_DOUBLE_EQ(scores.energy, 0.25);
  EXPECT_DOUBLE_EQ(scores.best_iou, 0.25);
  EXPECT_DOUBLE_EQ(scores.average_precision, 0.25);
}

TEST(Localization, AMapWithoutSaliencyIsAsGoodAsChance) {
  const auto mask = matrix({1, 1, 0, 0}, 2) > 0;
  EXPECT_DOUBLE_EQ(localization_scores(torch::zeros({2, 2}), mask, 0.5).energy, 0.5);
}

TEST(Localization, WhatReachesTheThresholdIsIn) {
  // A quarter of the way from 0 to 8 is 2: {8, 4, 2} against a mask of the 4 and the 2.
  const auto mask = matrix({0, 1, 1, 0}, 2) > 0;
  const auto map = matrix({8, 4, 2, 0}, 2);
  EXPECT_DOUBLE_EQ(localization_scores(map, mask, 0.25).fixed_iou, 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(localization_scores(map, mask, 0.5).fixed_iou, 1.0 / 3.0);
}

TEST(RankCorrelation, SeesOnlyTheOrder) {
  torch::manual_seed(1);
  const auto a = torch::rand({6, 7}, torch::kDouble);
  EXPECT_NEAR(rank_correlation(a, a.exp()), 1.0, 1e-12);
  EXPECT_NEAR(rank_correlation(a, -a), -1.0, 1e-12);
  EXPECT_TRUE(std::isnan(rank_correlation(a, torch::ones_like(a))));
}

TEST(RankCorrelation, EqualValuesShareTheirMeanRank) {
  // Ranks 1.5, 1.5, 3 and 1, 2.5, 2.5: covariance 0.75, variances 1.5.
  EXPECT_NEAR(rank_correlation(matrix({1, 1, 2}, 1), matrix({0, 4, 4}, 1)), 0.5, 1e-12);
}

TEST(StructuralSimilarity, IsOneForTheSameUpToScale) {
  torch::manual_seed(2);
  const auto a = torch::rand({16, 20}, torch::kDouble);
  EXPECT_NEAR(structural_similarity(a, 3.0 * a + 1.0), 1.0, 1e-12);
  EXPECT_LT(structural_similarity(a, torch::rand({16, 20}, torch::kDouble)), 0.3);
  EXPECT_NEAR(structural_similarity(a.slice(0, 0, 4), a.slice(0, 0, 4)), 1.0, 1e-12)
      << "a window that fits";
}

TEST(PerturbationCurve, FollowsTheOrderOfAClassifierThatCountsPixels) {
  // The target's logit is the sum of four pixels; deleting replaces them by the mean.
  const auto device = test_device();
  const auto image = matrix({0.0, 0.2, 0.4, 1.0}, 2).view({1, 1, 2, 2}).repeat({1, 3, 1, 1});
  const auto weights = matrix({1, 2, 3, 4}, 2);
  const Classifier classifier = [&](const torch::Tensor& x) {
    const auto score = (x.select(1, 0) * weights.to(device)).sum({1, 2});
    return torch::stack({score, torch::zeros_like(score)}, 1);
  };
  const auto map = matrix({1, 4, 2, 3}, 2).unsqueeze(0);
  const auto target = torch::zeros({1}, torch::kInt64).to(device);
  const auto curve = [&](Perturbation perturbation) {
    return perturbation_curves(classifier, image.to(device), map, target, perturbation, 4)[0];
  };
  const auto probability = [](const std::vector<double>& pixels) {
    double score = 0.0;
    for (size_t i = 0; i < 4; ++i) {
      score += pixels[i] * static_cast<double>(i + 1);
    }
    return 1.0 / (1.0 + std::exp(-score));
  };
  constexpr double m = 0.4;  // the mean
  const std::vector<std::vector<double>> deleted{
      {0, 0.2, 0.4, 1}, {0, m, 0.4, 1}, {0, m, 0.4, m}, {0, m, m, m}, {m, m, m, m}};
  const std::vector<std::vector<double>> inserted{
      {m, m, m, m}, {m, 0.2, m, m}, {m, 0.2, m, 1}, {m, 0.2, 0.4, 1}, {0, 0.2, 0.4, 1}};
  for (int64_t k = 0; k <= 4; ++k) {
    const auto at = static_cast<size_t>(k);
    EXPECT_NEAR(curve(Perturbation::kDeletion)[k].item<double>(), probability(deleted[at]), 1e-12);
    EXPECT_NEAR(curve(Perturbation::kInsertion)[k].item<double>(), probability(inserted[at]),
                1e-12);
  }
}

TEST(PerturbationCurve, PixelsOfEqualSaliencyGoInTheOrderOfRows) {
  const auto image = matrix({8, 4, 2, 1}, 2).div(16.0).view({1, 1, 2, 2}).repeat({1, 3, 1, 1});
  std::vector<torch::Tensor> seen;
  const Classifier classifier = [&](const torch::Tensor& x) {
    seen.push_back(x[0][0].flatten());
    return torch::zeros({1, 2}, torch::kDouble);
  };
  perturbation_curves(classifier, image, torch::ones({1, 2, 2}), torch::zeros({1}, torch::kInt64),
                      Perturbation::kInsertion, 4);
  ASSERT_EQ(seen.size(), 5U);
  constexpr double m = 15.0 / 64.0;  // the mean
  EXPECT_TRUE(seen[1].equal(torch::tensor({0.5, m, m, m}, torch::kDouble)));
  EXPECT_TRUE(seen[3].equal(torch::tensor({0.5, 0.25, 0.125, m}, torch::kDouble)));
}

TEST(CurveAreas, AreThoseOfTrapezoids) {
  const auto areas = curve_areas(matrix({1, 0.5, 0, 1, 1, 1}, 2));
  EXPECT_DOUBLE_EQ(areas[0].item<double>(), 0.5);
  EXPECT_DOUBLE_EQ(areas[1].item<double>(), 1.0);
}

TEST(Bootstrap, HasTheNormalIntervalOfManyValues) {
  torch::manual_seed(4);
  const auto draws = torch::randn({400}, torch::kDouble);
  const std::vector<double> values(draws.const_data_ptr<double>(),
                                   draws.const_data_ptr<double>() + 400);
  const auto interval = bootstrap_mean(values, {.resamples = 4000});
  const double mean = draws.mean().item<double>();
  const double half_width = 1.96 * draws.std().item<double>() / 20.0;
  EXPECT_DOUBLE_EQ(interval.mean, mean);
  EXPECT_NEAR(interval.low, mean - half_width, 0.1 * half_width);
  EXPECT_NEAR(interval.high, mean + half_width, 0.1 * half_width);
}

TEST(Bootstrap, DrawsFromItsSeedAndNothingElse) {
  std::vector<double> values;
  for (int i = 0; i < 50; ++i) {
    values.push_back(std::sqrt(i));
  }
  const auto low = [&](uint64_t seed) { return bootstrap_mean(values, {.seed = seed}).low; };
  torch::manual_seed(5);
  const double first = low(1);
  const double after = torch::rand({1}).item<double>();
  EXPECT_EQ(low(1), first);
  EXPECT_NE(low(2), first);
  torch::manual_seed(5);
  EXPECT_EQ(torch::rand({1}).item<double>(), after) << "the caller's own draws are not touched";
}

TEST(Bootstrap, LeavesOutWhatIsNotFinite) {
  const auto interval = bootstrap_mean({1.0, std::nan(""), 1.0}, {});
  EXPECT_EQ(interval.count, 2);
  EXPECT_EQ(interval.low, 1.0);
  EXPECT_EQ(bootstrap_mean({std::nan("")}, {}).count, 0);
  const auto one = bootstrap_mean({0.5, std::nan("")}, {});
  EXPECT_EQ(one.mean, 0.5);
  EXPECT_TRUE(std::isnan(one.low) && std::isnan(one.high));
  EXPECT_TRUE(std::isnan(bootstrap_mean({}, {}).mean));
}

TEST(Krippendorff, IsThatOfHisOwnExample) {
  // "Computing Krippendorff's Alpha-Reliability" (2011), example D: four observers, twelve units.
  const std::vector<std::vector<double>> units{
      {1, 1, 1},    {2, 2, 3, 2}, {3, 3, 3, 3}, {3, 3, 3, 3}, {2, 2, 2, 2}, {1, 2, 3, 4},
      {4, 4, 4, 4}, {1, 1, 2, 1}, {2, 2, 2, 2}, {5, 5, 5},    {1, 1},       {3}};
  EXPECT_NEAR(krippendorff_alpha(units), 0.849, 0.0005);
}

TEST(Krippendorff, NeedsTwoRatersWhoUseTwoValues) {
  EXPECT_TRUE(std::isnan(krippendorff_alpha({{1}, {2}})));
  EXPECT_TRUE(std::isnan(krippendorff_alpha({{2, 2}, {2, 2}})));
  EXPECT_TRUE(std::isnan(krippendorff_alpha({{0.1, 0.1, 0.1}, {0.1, 0.1}})));
  EXPECT_DOUBLE_EQ(krippendorff_alpha({{1, 1}, {2, 2}}), 1.0);
}

class TwoCells : public torch::nn::Module {
 public:
  TwoCells() {
    register_module("stem", torch::nn::Linear(2, 2));
    torch::nn::ModuleList cells;
    cells->push_back(torch::nn::Linear(2, 2));
    cells->push_back(torch::nn::BatchNorm1d(2));
    register_module("cells", cells);
    register_module("auxiliary_head", torch::nn::Linear(2, 2));
    register_module("classifier", torch::nn::Linear(2, 3));
  }
};

TEST(WeightRandomization, GoesFromTheOutputToTheInput) {
  const TwoCells network;
  EXPECT_EQ(layers_from_output(network),
            (std::vector<std::string>{"classifier", "cells.1", "cells.0", "stem"}));
}

TEST(WeightRandomization, CopiesOneLayerWithItsBuffers) {
  TwoCells from;
  TwoCells to;
  from.named_buffers()["cells.1.running_mean"].fill_(3.0);
  copy_layer(from, to, "cells.1");
  copy_layer(from, to, "stem");
  for (const auto& entry : to.named_parameters()) {
    const bool copied = entry.key().starts_with("cells.1.") || entry.key().starts_with("stem.");
    const bool drawn = !entry.key().starts_with("cells.1.");  // a batch norm starts with 1 and 0
    EXPECT_EQ(entry.value().equal(from.named_parameters()[entry.key()]), copied || !drawn)
        << entry.key();
  }
  EXPECT_EQ(to.named_buffers()["cells.1.running_mean"].min().item<double>(), 3.0);
}

}  // namespace
}  // namespace sanas
