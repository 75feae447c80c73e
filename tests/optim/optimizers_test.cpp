// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/optimizers.h"

#include <gtest/gtest.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "sanas/core/error.h"

namespace sanas {
namespace {

/// Two parameters, together three numbers; plain doubles mirror them by hand.
TensorList parameters() {
  return {torch::tensor({1.0, -2.0}, torch::kDouble).requires_grad_(true),
          torch::tensor({{0.5}}, torch::kDouble).requires_grad_(true)};
}

TensorList gradients(double a, double b, double c) {
  return {torch::tensor({a, b}, torch::kDouble), torch::tensor({{c}}, torch::kDouble)};
}

std::vector<double> numbers(const TensorList& list) {
  const auto flat = flatten(detach(list)).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

void expect_near(const TensorList& actual, const std::vector<double>& expected) {
  const auto values = numbers(actual);
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(values[i], expected[i], 1e-14) << i;
  }
}

WeightOptimizerOptions sgd() {
  WeightOptimizerOptions options;
  options.schedule.learning_rate = 0.1;
  options.momentum = 0.9;
  options.weight_decay = 0.01;
  options.gradient_clip = 0.0;
  return options;
}

const std::vector<std::vector<double>> kGradients{
    {0.3, -0.1, 0.2}, {-0.4, 0.5, 0.0}, {0.7, 0.6, -0.9}};

TEST(WeightOptimizer, FollowsTheMomentumRule) {
  // darts-family §4: g ← grad + wd·p; buf ← 0.9·buf + g (first buf = g); p ← p − lr·buf.
  auto p = parameters();
  WeightOptimizer optimizer(p, sgd());
  std::vector<double> expected{1.0, -2.0, 0.5};
  std::vector<double> buffer(3, 0.0);
  for (const auto& g : kGradients) {
    optimizer.step(gradients(g[0], g[1], g[2]));
    for (size_t i = 0; i < 3; ++i) {
      buffer[i] = 0.9 * buffer[i] + g[i] + 0.01 * expected[i];
      expected[i] -= 0.1 * buffer[i];
    }
    expect_near(p, expected);
    expect_near(optimizer.momentum_buffers(), buffer);
  }
}

// As gradients of convolutions on channels-last images come.
TEST(WeightOptimizer, TakesGradientsAndMomentumInAnyMemoryLayout) {
  const auto values = torch::arange(24, torch::kDouble).view({2, 3, 2, 2});
  const TensorList p{torch::zeros({2, 3, 2, 2}, torch::kDouble).requires_grad_(true)};
  auto options = sgd();
  options.weight_decay = 0.0;
  WeightOptimizer optimizer(p, options);
  optimizer.set_momentum_buffers({values.contiguous(torch::MemoryFormat::ChannelsLast)});
  optimizer.step({values.contiguous(torch::MemoryFormat::ChannelsLast)});
  EXPECT_TRUE(torch::allclose(p[0].detach(), -0.1 * 1.9 * values, 1e-14));
  EXPECT_TRUE(torch::allclose(optimizer.momentum_buffers()[0], 1.9 * values, 1e-14));
}

TEST(WeightOptimizer, LetsAutogradSeeThatTheWeightsAreOthers) {
  auto p = parameters();
  WeightOptimizer optimizer(p, sgd());
  const auto loss = p[0].square().sum();
  optimizer.step(gradients(1, 1, 1));
  EXPECT_THROW(gradients_of(loss, {p[0]}), c10::Error) << "of weights that are gone";
}

TEST(WeightOptimizer, NesterovLooksAhead) {
  auto p = parameters();
  auto options = sgd();
  options.nesterov = true;
  WeightOptimizer optimizer(p, options);
  std::vector<double> expected{1.0, -2.0, 0.5};
  std::vector<double> buffer(3, 0.0);
  for (const auto& g : kGradients) {
    optimizer.step(gradients(g[0], g[1], g[2]));
    for (size_t i = 0; i < 3; ++i) {
      const double d = g[i] + 0.01 * expected[i];
      buffer[i] = 0.9 * buffer[i] + d;
      expected[i] -= 0.1 * (d + 0.9 * buffer[i]);
    }
    expect_near(p, expected);
  }
}

TEST(WeightOptimizer, ClipsTheNormOfAllGradientsTogether) {
  // ‖(3, 4, 12)‖ = 13, clipped to 5: factor 5/(13 + 1e-6). The decay is added after clipping.
  auto p = parameters();
  auto options = sgd();
  options.gradient_clip = 5.0;
  WeightOptimizer optimizer(p, options);
  const auto given = gradients(3, 4, 12);
  EXPECT_DOUBLE_EQ(optimizer.step(given), 13.0);
  const double factor = 5.0 / (13.0 + 1e-6);
  expect_near(p, {1.0 - 0.1 * (3 * factor + 0.01), -2.0 - 0.1 * (4 * factor - 0.02),
                  0.5 - 0.1 * (12 * factor + 0.005)});
  expect_near(given, {3, 4, 12});
}

TEST(WeightOptimizer, LeavesSmallGradientsUnclipped) {
  auto p = parameters();
  auto options = sgd();
  options.gradient_clip = 13.1;
  options.weight_decay = 0.0;
  WeightOptimizer optimizer(p, options);
  optimizer.step(gradients(3, 4, 12));
  expect_near(p, {0.7, -2.4, -0.7});
}

TEST(WeightOptimizer, MomentumIsZeroBeforeTheFirstStep) {
  auto p = parameters();
  const WeightOptimizer optimizer(p, sgd());
  const auto buffers = optimizer.momentum_buffers();
  expect_near(buffers, {0, 0, 0});
  EXPECT_EQ(buffers[1].sizes(), p[1].sizes());
}

TEST(WeightOptimizer, ContinuesFromRestoredMomentum) {
  auto p = parameters();
  WeightOptimizer original(p, sgd());
  original.step(gradients(0.3, -0.1, 0.2));
  auto q = clone(p);
  for (auto& tensor : q) {
    tensor.requires_grad_(true);
  }
  WeightOptimizer restored(q, sgd());
  restored.set_momentum_buffers(original.momentum_buffers());
  original.step(gradients(-0.4, 0.5, 0.0));
  restored.step(gradients(-0.4, 0.5, 0.0));
  EXPECT_EQ(numbers(p), numbers(q));
  EXPECT_EQ(numbers(original.momentum_buffers()), numbers(restored.momentum_buffers()));
  EXPECT_THROW(restored.set_momentum_buffers({}), c10::Error);
}

TEST(WeightOptimizer, UsesTheRateThatWasSetLast) {
  auto p = parameters();
  auto options = sgd();
  options.weight_decay = 0.0;
  WeightOptimizer optimizer(p, options);
  EXPECT_EQ(optimizer.learning_rate(), 0.1);
  optimizer.set_learning_rate(0.5);
  EXPECT_EQ(optimizer.learning_rate(), 0.5);
  optimizer.step(gradients(1, 1, 1));
  expect_near(p, {0.5, -2.5, 0.0});
}

TEST(WeightOptimizer, RoundsAsLibTorchsOwnDoes) {
  for (const bool nesterov : {false, true}) {
    auto options = sgd();
    options.nesterov = nesterov;
    options.gradient_clip = 1.5;
    TensorList ours{torch::linspace(-1, 1, 12).view({3, 4}), torch::linspace(0.1, 0.7, 5)};
    TensorList theirs = clone(ours);
    for (auto* list : {&ours, &theirs}) {
      for (auto& tensor : *list) {
        tensor.requires_grad_(true);
      }
    }
    WeightOptimizer optimizer(ours, options);
    torch::optim::SGD reference(
        theirs, torch::optim::SGDOptions(0.1).momentum(0.9).weight_decay(0.01).nesterov(nesterov));
    for (int k = 1; k < 5; ++k) {
      const TensorList g{(ours[0] * 3.7 * k).sin().detach(), (ours[1] * 1.3 * k).cos().detach()};
      for (size_t i = 0; i < g.size(); ++i) {
        theirs[i].mutable_grad() = g[i].clone();
      }
      const double norm = torch::nn::utils::clip_grad_norm_(theirs, 1.5);
      reference.step();
      EXPECT_NEAR(optimizer.step(g), norm, 5e-7 * norm);
      for (size_t i = 0; i < g.size(); ++i) {
        EXPECT_TRUE(torch::equal(ours[i], theirs[i])) << "nesterov " << nesterov << ", step " << k;
      }
    }
  }
}

TEST(WeightOptimizer, IgnoresAccumulatedGradients) {
  auto p = parameters();
  p[0].mutable_grad() = torch::full({2}, 1e6, torch::kDouble);
  auto options = sgd();
  options.weight_decay = 0.0;
  WeightOptimizer optimizer(p, options);
  optimizer.step(gradients(1, 1, 1));
  expect_near(p, {0.9, -2.1, 0.4});
}

TEST(WeightOptimizer, NeedsAGradientPerParameter) {
  WeightOptimizer optimizer(parameters(), sgd());
  EXPECT_THROW(optimizer.step({torch::zeros({2}, torch::kDouble)}), c10::Error);
}

TEST(ClipGradients, ScalesToTheLimitAndKeepsADisabledOne) {
  const auto g = gradients(3, 4, 12);
  const auto norm = gradient_norm(g);
  EXPECT_DOUBLE_EQ(norm.item<double>(), 13.0);
  expect_near(clip_gradients(g, norm, 0.0), {3, 4, 12});
  const double factor = 1.3 / (13.0 + 1e-6);
  expect_near(clip_gradients(g, norm, 1.3), {3 * factor, 4 * factor, 12 * factor});
  expect_near(g, {3, 4, 12});
}

TEST(GradientNorm, IsFiniteExactlyIfAllGradientsAre) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {infinity, -infinity, std::nan("")}) {
    EXPECT_FALSE(std::isfinite(gradient_norm(gradients(3, bad, 12)).item<double>())) << bad;
    EXPECT_FALSE(std::isfinite(gradient_norm(gradients(3, 4, bad)).item<double>())) << bad;
  }
  EXPECT_TRUE(std::isfinite(gradient_norm(gradients(3, 1e150, 12)).item<double>()));
}

// ---- the architecture's optimizer ------------------------------------------------------------

/// Adam with coupled decay, in the closed form of Kingma and Ba.
struct HandAdam {
  double rate;
  double beta1;
  double beta2;
  double decay;
  std::vector<double> p;
  std::vector<double> m = std::vector<double>(3, 0.0);
  std::vector<double> v = std::vector<double>(3, 0.0);
  int steps = 0;

  void step(const std::vector<double>& gradient) {
    ++steps;
    for (size_t i = 0; i < p.size(); ++i) {
      const double g = gradient[i] + decay * p[i];
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      const double m_hat = m[i] / (1 - std::pow(beta1, steps));
      const double v_hat = v[i] / (1 - std::pow(beta2, steps));
      p[i] -= rate * m_hat / (std::sqrt(v_hat) + 1e-8);
    }
  }
};

TEST(ArchitectureOptimizer, DefaultsToTheAdamOfDarts) {
  // darts-family §3: lr 3e-4, betas (0.5, 0.999), eps 1e-8, coupled decay 1e-3, no clipping.
  auto p = parameters();
  ArchitectureOptimizer optimizer(p, {});
  HandAdam hand{3e-4, 0.5, 0.999, 1e-3, {1.0, -2.0, 0.5}};
  for (int round = 0; round < 2; ++round) {
    for (const auto& g : kGradients) {
      const double length = std::sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]);
      EXPECT_DOUBLE_EQ(optimizer.step(gradients(g[0], g[1], g[2])), length);
      hand.step(g);
      expect_near(p, hand.p);
    }
  }
}

TEST(ArchitectureOptimizer, TheFirstAdamStepHasTheLengthOfTheRate) {
  auto p = parameters();
  ArchitectureOptimizerOptions options;
  options.weight_decay = 0.0;
  ArchitectureOptimizer optimizer(p, options);
  optimizer.step(gradients(0.3, -2.0, 1e-3));
  const auto moved = numbers(p);
  EXPECT_NEAR(moved[0], 1.0 - 3e-4, 1e-10);
  EXPECT_NEAR(moved[1], -2.0 + 3e-4, 1e-10);
  EXPECT_NEAR(moved[2], 0.5 - 3e-4, 1e-8);
}

TEST(ArchitectureOptimizer, ClipsOnRequest) {
  auto p = parameters();
  ArchitectureOptimizerOptions options;
  options.gradient_clip = 5.0;
  ArchitectureOptimizer optimizer(p, options);
  HandAdam hand{3e-4, 0.5, 0.999, 1e-3, {1.0, -2.0, 0.5}};
  EXPECT_DOUBLE_EQ(optimizer.step(gradients(3, 4, 12)), 13.0);
  optimizer.step(gradients(0.3, 0.4, 1.2));
  const double factor = 5.0 / (13.0 + 1e-6);
  hand.step({3 * factor, 4 * factor, 12 * factor});
  hand.step({0.3, 0.4, 1.2});
  expect_near(p, hand.p);
}

ArchitectureOptimizerOptions plain_sgd(double momentum) {
  ArchitectureOptimizerOptions options;
  options.optimizer = ArchitectureOptimizerKind::kSgd;
  options.learning_rate = 0.1;
  options.weight_decay = 0.01;
  options.momentum = momentum;
  return options;
}

TEST(ArchitectureOptimizer, CanBeSgd) {
  auto p = parameters();
  ArchitectureOptimizer optimizer(p, plain_sgd(0.5));
  std::vector<double> expected{1.0, -2.0, 0.5};
  std::vector<double> buffer(3, 0.0);
  for (const auto& g : kGradients) {
    optimizer.step(gradients(g[0], g[1], g[2]));
    for (size_t i = 0; i < 3; ++i) {
      buffer[i] = 0.5 * buffer[i] + g[i] + 0.01 * expected[i];
      expected[i] -= 0.1 * buffer[i];
    }
  }
  expect_near(p, expected);
  EXPECT_EQ(to_string(ArchitectureOptimizerKind::kSgd), "sgd");
  EXPECT_EQ(to_string(ArchitectureOptimizerKind::kAdam), "adam");
}

TEST(ArchitectureOptimizer, ContinuesFromASavedState) {
  for (const auto& options : {ArchitectureOptimizerOptions{}, plain_sgd(0.5), plain_sgd(0.0)}) {
    auto p = parameters();
    ArchitectureOptimizer original(p, options);
    original.step(gradients(0.3, -0.1, 0.2));
    original.step(gradients(-0.4, 0.5, 0.1));
    auto q = clone(p);
    for (auto& tensor : q) {
      tensor.requires_grad_(true);
    }
    ArchitectureOptimizer restored(q, options);
    restored.set_state(clone(original.state()));
    original.step(gradients(0.7, 0.6, -0.9));
    restored.step(gradients(0.7, 0.6, -0.9));
    EXPECT_EQ(numbers(p), numbers(q)) << to_string(options.optimizer);
  }
}

TEST(ArchitectureOptimizer, AStateBeforeTheFirstStepIsAFreshStart) {
  for (const auto& options : {ArchitectureOptimizerOptions{}, plain_sgd(0.5)}) {
    auto p = parameters();
    auto q = parameters();
    ArchitectureOptimizer original(p, options);
    ArchitectureOptimizer restored(q, options);
    restored.set_state(original.state());
    original.step(gradients(0.7, 0.6, -0.9));
    restored.step(gradients(0.7, 0.6, -0.9));
    EXPECT_EQ(numbers(p), numbers(q)) << to_string(options.optimizer);
  }
}

TEST(ArchitectureOptimizer, RefusesTheStateOfAnother) {
  ArchitectureOptimizer adam(parameters(), {});
  ArchitectureOptimizer sgd(parameters(), plain_sgd(0.9));
  EXPECT_THROW(adam.set_state(sgd.state()), FileError);
  EXPECT_THROW(sgd.set_state(adam.state()), FileError);
  auto misshapen = adam.state();
  misshapen[1] = torch::zeros({3}, torch::kDouble);
  EXPECT_THROW(adam.set_state(misshapen), FileError);
}

}  // namespace
}  // namespace sanas
