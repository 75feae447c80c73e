// SPDX-License-Identifier: Apache-2.0
// Where attacks begin.
#include <gtest/gtest.h>

#include <cmath>

#include "attack/attack_support.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

using torch::Tensor;

/// χ² of `values` in [0, 1) against ten equal bins.
double chi_squared(const Tensor& values) {
  const auto counts = torch::histc(values.flatten().cpu(), 10, 0.0, 1.0);
  const double expected = static_cast<double>(values.numel()) / 10.0;
  return (counts - expected).pow(2).sum().item<double>() / expected;
}

/// The 99.9 % point of χ² with nine degrees of freedom.
constexpr double kChiSquaredLimit = 27.88;

TEST(InitialPerturbation, IsUniformInTheCube) {
  const FrozenRandomness frozen(3);
  const auto x = torch::full({2000, 3, 2, 2}, 0.5, doubles());
  const auto options = with(AttackLoss::kSoft);
  const auto start = initial_perturbation(x, options);
  EXPECT_LT(chi_squared((start / options.epsilon + 1.0) / 2.0), kChiSquaredLimit);
}

TEST(InitialPerturbation, IsUniformInTheEuclideanBall) {
  const FrozenRandomness frozen(4);
  const auto x = torch::full({20000, 3, 1, 1}, 0.5, doubles());
  auto options = with(AttackLoss::kSoft, AttackNorm::kL2);
  options.epsilon = 0.25;
  const auto start = initial_perturbation(x, options).flatten(1) / options.epsilon;
  // In three dimensions the cube of the radius is uniform, and so is each coordinate of a
  // direction.
  const auto radius = start.norm(2, 1);
  EXPECT_LT(chi_squared(radius.pow(3)), kChiSquaredLimit);
  for (int64_t axis = 0; axis < 3; ++axis) {
    EXPECT_LT(chi_squared((start.select(1, axis) / radius + 1.0) / 2.0), kChiSquaredLimit) << axis;
  }
}

TEST(InitialPerturbation, WithoutRandomStartIsZeroAndDrawsNothing) {
  const auto x = torch::ones({2, 3, 2, 2}, doubles());
  auto options = with(AttackLoss::kLabel);
  options.random_start = false;
  const auto before = at::detail::getDefaultCPUGenerator().get_state();
  EXPECT_EQ(initial_perturbation(x, options).abs().sum().item<double>(), 0.0);
  EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), before));
}

TEST(InitialPerturbation, IsAFunctionOfTheGenerator) {
  const auto x = torch::full({2, 3, 2, 2}, 0.5, doubles());
  for (const auto norm : {AttackNorm::kLinf, AttackNorm::kL2}) {
    const auto draw = [&](uint64_t seed) {
      const FrozenRandomness frozen(seed);
      return initial_perturbation(x, with(AttackLoss::kSoft, norm));
    };
    EXPECT_TRUE(torch::equal(draw(1), draw(1)));
    EXPECT_FALSE(torch::equal(draw(1), draw(2)));
  }
}

}  // namespace
}  // namespace sanas
