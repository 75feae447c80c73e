// SPDX-License-Identifier: Apache-2.0
#include "sanas/attack/reweighting.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "sanas/core/parameters.h"
#include "support/device.h"
#include "support/fill.h"

namespace sanas {
namespace {

using torch::Tensor;

constexpr double kEpsilon = 8.0 / 255.0;

Tensor images() { return (0.5 + 0.5 * fill_wave(24, 1)).view({2, 3, 2, 2}).to(test_device()); }

/// Perturbations of both signs, a zero and both ends of the ball among them.
Tensor perturbation() {
  auto delta = kEpsilon * 0.9 * fill_wave(24, 2);
  delta[3] = kEpsilon;
  delta[4] = -kEpsilon;
  delta[5] = 0.0;
  return delta.view({2, 3, 2, 2}).to(test_device());
}

/// Diagonal of ∂(re-weighted)/∂δ, and a check that there is nothing beside the diagonal.
Tensor jacobian_diagonal(Reweighting mode) {
  const auto delta = perturbation().requires_grad_(true);
  const auto result = reweight(images(), delta, mode, kEpsilon).flatten();
  auto diagonal = torch::zeros_like(result.detach());
  for (int64_t i = 0; i < result.numel(); ++i) {
    const auto row =
        gradients_of(result[i], {delta}, /*create_graph=*/false, /*retain_graph=*/true)[0]
            .flatten();
    diagonal[i] = row[i];
    EXPECT_EQ((row.abs().sum() - row[i].abs()).item<double>(), 0.0) << i;
  }
  return diagonal.view({2, 3, 2, 2});
}

void expect_equal(const Tensor& actual, const Tensor& expected) {
  EXPECT_TRUE(torch::allclose(actual, expected, 1e-15, 0.0)) << actual << expected;
}

TEST(Reweighting, DeltaIsThePlainProduct) {
  expect_equal(reweight(images(), perturbation(), Reweighting::kDelta, kEpsilon),
               perturbation() * images());
  expect_equal(jacobian_diagonal(Reweighting::kDelta), images());
}

TEST(Reweighting, AbsIgnoresTheSign) {
  const auto delta = perturbation();
  expect_equal(reweight(images(), delta, Reweighting::kAbs, kEpsilon),
               torch::maximum(delta, -delta) * images());
  expect_equal(jacobian_diagonal(Reweighting::kAbs), delta.sign() * images());
}

TEST(Reweighting, OnePlusAbsAddsTheImage) {
  const auto delta = perturbation();
  expect_equal(reweight(images(), delta, Reweighting::kOnePlusAbs, kEpsilon),
               images() + delta.abs() * images());
  expect_equal(jacobian_diagonal(Reweighting::kOnePlusAbs), delta.sign() * images());
}

TEST(Reweighting, TheMaskKeepsSaturatedPixelsOnly) {
  // All but the two pixels at ±ε stay below 0.9 ε.
  auto expected = torch::zeros({24}, torch::kDouble);
  expected[3] = images().flatten()[3].item<double>();
  expected[4] = images().flatten()[4].item<double>();
  expect_equal(reweight(images(), perturbation(), Reweighting::kMask, kEpsilon),
               expected.view({2, 3, 2, 2}).to(test_device()));
}

TEST(Reweighting, TheMaskWorksInSinglePrecisionAndBeyondTheBall) {
  const auto x = torch::ones({1, 1, 1, 4}, torch::kFloat);
  const auto delta = torch::tensor({1.0, -1.0, 0.998, 5.0}).view({1, 1, 1, 4}) * kEpsilon;
  const auto mask = reweight(x, delta.to(torch::kFloat), Reweighting::kMask, kEpsilon).flatten();
  EXPECT_TRUE(torch::equal(mask, torch::tensor({1.0F, 1.0F, 0.0F, 1.0F}))) << mask;
}

TEST(Reweighting, TheMaskIsAStepFunction) {
  const auto delta = perturbation().requires_grad_(true);
  const auto loss = reweight(images(), delta, Reweighting::kMask, kEpsilon).sum();
  EXPECT_EQ(gradients_of(loss, {delta})[0].abs().sum().item<double>(), 0.0);
}

TEST(Reweighting, MinMaxSpreadsTheWeightsOfEachImageOverTheUnitInterval) {
  const auto delta = perturbation();
  const auto x = torch::ones_like(delta);
  const auto weights =
      reweight(x, delta, Reweighting::kDelta, kEpsilon, WeightNormalization::kMinMax).flatten(1);
  for (int64_t image = 0; image < 2; ++image) {
    EXPECT_NEAR(weights[image].min().item<double>(), 0.0, 1e-15);
    EXPECT_NEAR(weights[image].max().item<double>(), 1.0, 1e-15);
    const auto order = delta[image].flatten().argsort();
    EXPECT_TRUE(order.equal(weights[image].argsort())) << "the order stays";
  }
}

TEST(Reweighting, UnitMeanMakesTheMeanAbsoluteWeightOne) {
  for (const auto mode : {Reweighting::kDelta, Reweighting::kAbs, Reweighting::kOnePlusAbs}) {
    const auto delta = perturbation();
    const auto weights =
        reweight(torch::ones_like(delta), delta, mode, kEpsilon, WeightNormalization::kUnitMean);
    EXPECT_TRUE(torch::allclose(weights.abs().flatten(1).mean(1),
                                torch::ones({2}, weights.options()), 1e-14));
  }
}

TEST(Reweighting, NormalisationsHaveTheirExactJacobian) {
  const auto delta = perturbation();
  const auto direction = fill_wave(24, 5).view({2, 3, 2, 2}).to(test_device());
  for (const auto normalization : {WeightNormalization::kMinMax, WeightNormalization::kUnitMean}) {
    const auto f = [&](const Tensor& at) {
      return (reweight(images(), at, Reweighting::kOnePlusAbs, kEpsilon, normalization) * direction)
          .sum();
    };
    const auto variable = delta.clone().requires_grad_(true);
    const auto gradient = gradients_of(f(variable), {variable})[0].flatten();
    for (int64_t i = 0; i < 24; ++i) {
      if (delta.flatten()[i].item<double>() == 0.0) {
        continue;  // |δ| has no derivative there
      }
      constexpr double kStep = 1e-7;
      auto moved = delta.clone();
      moved.flatten()[i] += kStep;
      const double up = f(moved).item<double>();
      moved.flatten()[i] -= 2 * kStep;
      const double expected = (up - f(moved).item<double>()) / (2 * kStep);
      EXPECT_NEAR(gradient[i].item<double>(), expected, 1e-5 * std::max(1.0, std::abs(expected)))
          << to_string(normalization) << " " << i;
    }
  }
}

TEST(Reweighting, NormalisationOfAConstantWeightIsFinite) {
  const auto x = torch::ones({1, 3, 2, 2});
  for (const auto normalization : {WeightNormalization::kMinMax, WeightNormalization::kUnitMean}) {
    const auto result =
        reweight(x, torch::zeros_like(x), Reweighting::kDelta, kEpsilon, normalization);
    EXPECT_EQ(result.abs().sum().item<double>(), 0.0);
  }
}

TEST(Reweighting, EveryModeIsDifferentiableInTheImages) {
  // The weight itself is the derivative.
  for (const auto mode :
       {Reweighting::kDelta, Reweighting::kAbs, Reweighting::kOnePlusAbs, Reweighting::kMask}) {
    const auto x = images().requires_grad_(true);
    const auto result = reweight(x, perturbation(), mode, kEpsilon);
    expect_equal(gradients_of(result.sum(), {x})[0] * images(), result.detach());
  }
}

TEST(Reweighting, HasNamesForTheConfiguration) {
  EXPECT_EQ(to_string(Reweighting::kDelta), "delta");
  EXPECT_EQ(to_string(Reweighting::kAbs), "abs");
  EXPECT_EQ(to_string(Reweighting::kOnePlusAbs), "one_plus_abs");
  EXPECT_EQ(to_string(Reweighting::kMask), "mask");
}

}  // namespace
}  // namespace sanas
