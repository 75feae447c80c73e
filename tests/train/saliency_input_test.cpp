// SPDX-License-Identifier: Apache-2.0
#include "train/saliency_input.h"

#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "train/tiny_training.h"

namespace sanas {
namespace {

SaliencyInputOptions small_attack() {
  SaliencyInputOptions options;
  options.attack.steps = 3;
  options.seed = 5;
  return options;
}

torch::Tensor pictures() {
  const FrozenRandomness frozen(9);
  return torch::rand({4, 3, 8, 8}).to(test_device());
}

TEST(SaliencyInput, IsTheImageReweightedByItsOwnAttack) {
  TinyTraining training(tiny_options());
  const auto classify = predictor(training.network(), {});
  const auto options = small_attack();
  const auto images = pictures();
  const torch::NoGradGuard no_grad;  // as in a test
  const auto found = saliency_input(classify, options)(images);
  for (int64_t i = 0; i < 4; ++i) {  // image by image: batching does not matter
    const auto image = images.narrow(0, i, 1);
    const torch::AutoGradMode with_gradients(true);
    const FrozenRandomness frozen(options.seed);
    const auto start = initial_perturbation(image, options.attack);
    const auto delta = attack(classify, image, {}, start, options.attack);
    EXPECT_GT(delta.abs().max().item<double>(), 0.0);
    EXPECT_LT((found.narrow(0, i, 1) - delta * image).abs().max().item<double>(), 1e-5);
  }
}

TEST(SaliencyInput, ChangesNoRunningStatistic) {
  TinyTraining training(tiny_options());
  training.network().train();
  const TensorList before = clone(values_of(training.network()));
  saliency_input(predictor(training.network(), {}), small_attack())(pictures());
  const TensorList after = values_of(training.network());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(torch::equal(before[i], after[i]));
  }
  EXPECT_TRUE(training.network().is_training());
}

TEST(SaliencyInput, HasNoLabels) {
  auto options = small_attack();
  options.attack.loss = AttackLoss::kLabel;
  EXPECT_THROW(saliency_input([](const torch::Tensor& x) { return x; }, options), ConfigError);
}

}  // namespace
}  // namespace sanas
