// SPDX-License-Identifier: Apache-2.0
#include "supernet/gate_sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sanas/core/parameters.h"
#include "sanas/core/random.h"
#include "scripted_gate_noise.h"
#include "support/cells.h"

namespace sanas {
namespace {

/// Constant uniform draws, one per call; counts how often a permutation is asked for.
class ConstantGateNoise : public GateNoise {
 public:
  explicit ConstantGateNoise(std::vector<double> draws) : draws_(std::move(draws)) {}

  torch::Tensor uniform(const torch::Tensor& like) override {
    return torch::full_like(like, draws_.at(uniform_calls++));
  }
  torch::Tensor dropped(const torch::Tensor& like, double /*probability*/) override {
    return torch::zeros_like(like);
  }
  torch::Tensor permutation(int64_t count) override {
    ++permutation_calls;
    return torch::arange(count - 1, -1, -1, torch::kInt64);
  }

  size_t uniform_calls = 0;
  int permutation_calls = 0;

 private:
  std::vector<double> draws_;
};

/// The gate of darts-family §9.2 for one entry.
double gate(double alpha, double u, double temperature) {
  const double s = (alpha + std::log(u) - std::log(1.0 - u)) / temperature;
  const double stretched = 1.2 / (1.0 + std::exp(-s)) - 0.1;
  return std::min(1.0, std::max(0.0, stretched));
}

TEST(GateSampler, WeightsAreTheMaskAndDifferentiateLikeTheGate) {
  GateSampler sampler({}, std::make_shared<ScriptedGateNoise>());
  const auto alphas = golden_alphas(false).requires_grad_(true);
  const auto sample = sampler.sample(alphas, 1.0);
  EXPECT_LT((sample.weights.detach() - sample.mask).abs().max().item<double>(), 1e-15);
  const auto found = gradients_of(sample.weights.sum(), {alphas})[0];
  for (int64_t e = 0; e < 14; ++e) {
    for (int64_t k = 0; k < 8; ++k) {
      const double u = 0.5 + 0.49 * std::sin(2.3 * static_cast<double>(8 * e + k + 1) + 1.0);
      const double alpha = alphas[e][k].item<double>();
      const double slope = (gate(alpha + 1e-6, u, 1.0) - gate(alpha - 1e-6, u, 1.0)) / 2e-6;
      EXPECT_NEAR(found[e][k].item<double>(), slope, 1e-8);
    }
  }
}

TEST(GateSampler, WithoutDropoutTheTwoLargestGatesAreUsed) {
  PrdartsOptions options;
  options.gate_dropout = 0.0;
  const auto noise = std::make_shared<ConstantGateNoise>(std::vector{0.5});
  GateSampler sampler(options, noise);
  const auto alphas = torch::tensor({0.1, 0.3, 0.2, 0.0, -0.3, 0.9}, torch::kDouble).view({2, 3});
  EXPECT_EQ(mask_text(sampler.sample(alphas, 1.0).mask), "12 02");
  EXPECT_EQ(noise->permutation_calls, 0);
}

TEST(GateSampler, CertainGatesAreTiedAtRandom) {
  PrdartsOptions options;
  options.gate_dropout = 0.0;
  const auto noise = std::make_shared<ConstantGateNoise>(std::vector{0.5});
  GateSampler sampler(options, noise);
  // At this temperature all three gates of the first edge are exactly 1.
  const auto alphas = torch::tensor({1.0, 1.1, 1.2, 1.0, -1.0, -2.0}, torch::kDouble).view({2, 3});
  const auto mask = sampler.sample(alphas, 0.01).mask;
  EXPECT_EQ(noise->permutation_calls, 1);
  EXPECT_TRUE(torch::equal(mask.sum(1), torch::full({2}, 2.0, torch::kDouble)));
}

TEST(GateSampler, WithoutDropoutClosedGatesAreDrawnAgain) {
  PrdartsOptions options;
  options.gate_dropout = 0.0;
  const auto noise = std::make_shared<ConstantGateNoise>(std::vector{1e-9, 0.0, 0.5});
  GateSampler sampler(options, noise);
  const auto sample = sampler.sample(torch::zeros({2, 3}, torch::kDouble), 0.5);
  EXPECT_EQ(noise->uniform_calls, 3);
  EXPECT_TRUE(torch::isfinite(sample.weights).all().item<bool>());
}

TEST(GateSampler, DroppedOperationsAreUsedLast) {
  // One operation of three is never dropped; it must always be among the two in use.
  class DropAllButTheFirst : public RandomGateNoise {
   public:
    torch::Tensor dropped(const torch::Tensor& like, double /*probability*/) override {
      auto result = torch::ones_like(like);
      result.select(1, 0).zero_();
      return result;
    }
  };
  const FrozenRandomness frozen(5);
  GateSampler sampler({}, std::make_shared<DropAllButTheFirst>());
  for (int draw = 0; draw < 50; ++draw) {
    const auto mask = sampler.sample(torch::zeros({14, 3}, torch::kDouble), 1.0).mask;
    EXPECT_EQ(mask.select(1, 0).min().item<double>(), 1.0);
  }
}

TEST(GateSampler, EqualOperationsAreUsedEquallyOften) {
  const FrozenRandomness frozen(7);
  GateSampler sampler(PrdartsOptions{});
  auto used = torch::zeros({8}, torch::kDouble);
  for (int draw = 0; draw < 300; ++draw) {
    used += sampler.sample(torch::zeros({14, 8}, torch::kDouble), 0.1).mask.sum(0);
  }
  // 4200 edges use 2 of 8: 1050 each, with a standard deviation of 28.
  EXPECT_LT((used - 1050.0).abs().max().item<double>(), 140.0);
}

TEST(RandomGateNoise, IsWhatItSays) {
  const FrozenRandomness frozen(1);
  RandomGateNoise noise;
  const auto like = torch::zeros({100, 100}, torch::kDouble);
  EXPECT_NEAR(noise.uniform(like).mean().item<double>(), 0.5, 0.02);
  EXPECT_NEAR(noise.dropped(like, 0.4).mean().item<double>(), 0.4, 0.03);
  const auto sorted = std::get<0>(noise.permutation(8).sort());
  EXPECT_TRUE(torch::equal(sorted, torch::arange(8)));
}

}  // namespace
}  // namespace sanas
