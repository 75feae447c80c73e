// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/saliency_map.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "sanas/core/parameters.h"
#include "support/device.h"

namespace sanas {
namespace {

/// Four images of 3×5×5 and a classifier with a smooth hidden layer.
class PgdSaliency : public testing::Test {
 protected:
  PgdSaliency() {
    torch::manual_seed(3);
    const auto options = torch::TensorOptions(torch::kDouble).device(test_device());
    images_ = 0.2 + 0.6 * torch::rand({4, 3, 5, 5}, options);
    hidden_ = torch::randn({8, 75}, options);
    output_ = torch::randn({6, 8}, options);
    labels_ = torch::tensor({0, 1, 2, 3}, torch::kInt64).to(test_device());
    classifier_ = [this](const torch::Tensor& x) {
      return x.flatten(1).mm(hidden_.t()).tanh().mm(output_.t());
    };
  }

  torch::Tensor map(const AttackOptions& options, uint64_t seed = 1) const {
    return pgd_saliency(classifier_, images_, labels_, options, seed);
  }

  torch::Tensor images_, hidden_, output_, labels_;
  Classifier classifier_;
};

TEST_F(PgdSaliency, StaysInTheBallAndIsMostlySaturated) {
  const AttackOptions options;
  const auto delta = map(options);
  EXPECT_LE(delta.max().item<double>(), options.epsilon + 1e-12);
  EXPECT_GT((delta > 0.99 * options.epsilon).to(torch::kDouble).mean().item<double>(), 0.5)
      << "seven steps of 2/255 reach beyond 8/255 (method §4.4)";
}

TEST_F(PgdSaliency, OneStepIsProportionalToTheGradientAtItsStart) {
  AttackOptions options;
  options.steps = 0;
  options.loss = AttackLoss::kLabel;
  options.random_start = false;
  const auto x = images_.clone().requires_grad_(true);
  const auto gradient = gradients_of(attack_loss(classifier_(x), labels_), {x})[0];
  EXPECT_TRUE(torch::allclose(map(options), options.delta_step_size * gradient.abs(), 1e-12, 0.0));
}

TEST_F(PgdSaliency, OneStepDoesNotShowTheRandomStart) {
  AttackOptions options;
  options.steps = 0;
  options.loss = AttackLoss::kLabel;
  const auto one = map(options, 1).flatten();
  const auto other = map(options, 2).flatten();
  EXPECT_FALSE(one.equal(other));
  const auto correlation = torch::corrcoef(torch::stack({one, other}))[0][1].item<double>();
  EXPECT_GT(correlation, 0.9);
}

TEST_F(PgdSaliency, DoesNotDependOnTheBatch) {
  const auto together = map({});
  for (int64_t i = 0; i < images_.size(0); ++i) {
    const auto alone = pgd_saliency(classifier_, images_.narrow(0, i, 1), labels_.narrow(0, i, 1),
                                    AttackOptions{}, 1);
    EXPECT_TRUE(torch::allclose(alone[0], together[i], 1e-12, 1e-15));
  }
}

TEST(ReduceColor, TakesMaximumMeanOrLengthOverTheChannels) {
  const auto values = torch::tensor({3.0, 0.0, 4.0}, torch::kDouble).view({1, 3, 1, 1});
  EXPECT_DOUBLE_EQ(reduce_color(values, ColorReduction::kMax).item<double>(), 4.0);
  EXPECT_DOUBLE_EQ(reduce_color(values, ColorReduction::kMean).item<double>(), 7.0 / 3.0);
  EXPECT_DOUBLE_EQ(reduce_color(values, ColorReduction::kL2).item<double>(), 5.0);
}

TEST(ScaleForDisplay, ClipsAtThePercentiles) {
  const auto map = torch::arange(101, torch::kDouble).view({1, 101});
  const auto scaled = scale_for_display(map, 10.0, 90.0);
  EXPECT_NEAR(scaled[0][10].item<double>(), 0.0, 1e-12);
  EXPECT_NEAR(scaled[0][50].item<double>(), 0.5, 1e-12);
  EXPECT_NEAR(scaled[0][100].item<double>(), 1.0, 1e-12);
  EXPECT_EQ(scale_for_display(torch::full({2, 2}, 3.0)).abs().sum().item<double>(), 0.0);
}

}  // namespace
}  // namespace sanas
