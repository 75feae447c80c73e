// SPDX-License-Identifier: Apache-2.0
// Images that can't be decoded, and numbers that are not finite.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sanas/core/error.h"
#include "train/tiny_training.h"

namespace sanas {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// How many of the four images of the first mini-batch are bad.
class BadImages : public testing::TestWithParam<int64_t> {};

// The auxiliary head has batch norm on 1×1 features, which one image has no statistics for.
TEST_P(BadImages, AreLeftOutWhateverIsLeftOfTheMiniBatch) {
  auto options = tiny_options();
  options.epochs = 1;
  options.auxiliary_weight = 0.4;
  TinyTraining training(options, {}, load_genotype("DARTS_V2"), 32);
  const auto order = training.train().order(0);
  training.dataset().bad_samples.insert(order.begin(), order.begin() + GetParam());
  const TensorList before = clone(training.network().parameters());
  TrainWitness witness(training.loop);
  training.loop.add_observer(witness);
  training.loop.run();

  ASSERT_EQ(witness.steps.size(), 3U);
  const int64_t left = 4 - GetParam();
  const bool is_trained_on = left > 1;
  EXPECT_EQ(std::isnan(witness.steps[0].loss), !is_trained_on);
  EXPECT_EQ(std::isnan(witness.steps[0].top1), !is_trained_on);
  const bool moved = norm(add(before,
                              {witness.values[0].begin(),
                               witness.values[0].begin() + static_cast<int64_t>(before.size())},
                              -1.0)) > 0.0;
  EXPECT_EQ(moved, is_trained_on);
  EXPECT_EQ(training.loop.counts().skipped_images, GetParam());
  EXPECT_EQ(training.loop.counts().skipped_updates, 0) << "that counts what is not finite";
  EXPECT_EQ(witness.epochs[0].train.count(), 8 + (is_trained_on ? left : 0));
  EXPECT_TRUE(std::isfinite(witness.steps[2].loss));
}

INSTANTIATE_TEST_SUITE_P(OfFour, BadImages, testing::Values(1, 2, 3, 4));

TEST(TrainingTolerance, AnEpochWithoutAnyImageEndsTheTraining) {
  TinyTraining training(tiny_options());
  for (int64_t i = 0; i < 12; ++i) {
    training.dataset().bad_samples.insert(i);
  }
  EXPECT_THAT([&] { training.loop.run(); }, ThrowsMessage<DataError>(HasSubstr("decoded")));
}

void enlarge(TinyTraining& training) {
  const torch::NoGradGuard no_grad;
  training.network().named_parameters()["classifier.weight"].mul_(1e4);
}

class Policies : public testing::TestWithParam<NonFinitePolicy> {};

// Gradients of 1e4 times a rate of 1e38 are beyond float32. After the last mini-batch no loss would
// show it.
TEST_P(Policies, AnUpdateThatBlowsTheWeightsUpEndsTheTraining) {
  auto options = tiny_options();
  options.weights.schedule.learning_rate = 1e38;
  options.weights.gradient_clip = 0.0;
  options.on_nonfinite = GetParam();
  options.max_steps = 1;
  TinyTraining last(options);
  enlarge(last);
  EXPECT_THAT([&] { last.loop.run(); },
              ThrowsMessage<NonFiniteError>(HasSubstr("are not finite after step 0")));
  EXPECT_EQ(last.loop.step(), 0) << "the mini-batch that failed";
  options.max_steps = 0;
  TinyTraining training(options);
  enlarge(training);
  EXPECT_THAT([&] { training.loop.run(); },
              ThrowsMessage<NonFiniteError>(HasSubstr("the weights themselves are not")));
  EXPECT_EQ(training.loop.step(), 1);
}

// Logits beyond float32 of weights within it: the loss is none, the weights are.
TEST_P(Policies, LossesThatAreNeverFiniteEndTheTraining) {
  auto options = tiny_options();
  options.on_nonfinite = GetParam();
  TinyTraining training(options);
  {
    const torch::NoGradGuard no_grad;
    training.network().named_parameters()["classifier.weight"].fill_(3e38F)[0].fill_(-3e38F);
  }
  const bool skips = GetParam() == NonFinitePolicy::kSkip;
  EXPECT_THAT([&] { training.loop.run(); },
              ThrowsMessage<NonFiniteError>(HasSubstr(skips ? "5th time in a row" : "at step 0")));
  EXPECT_EQ(training.loop.counts().skipped_updates, skips ? 4 : 0);
}

INSTANTIATE_TEST_SUITE_P(All, Policies,
                         testing::Values(NonFinitePolicy::kStop, NonFinitePolicy::kSkip,
                                         NonFinitePolicy::kRollback),
                         [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace sanas
