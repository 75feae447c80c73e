// SPDX-License-Identifier: Apache-2.0
// The losses that attacks climb.
#include <gtest/gtest.h>

#include <cmath>

#include "attack/attack_support.h"
#include "sanas/core/parameters.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

using torch::Tensor;

TEST(AttackObjective, TheSoftGradientVanishesAtZero) {
  // method §2.2: softmax(z') − softmax(z) = 0 there, whatever the network.
  const FrozenRandomness frozen(5);
  auto network = make_network();
  const auto x = random_images(20, 6);
  const auto y = random_labels(20, 4);
  const auto slope_at_zero = [&](const AttackOptions& options) {
    const auto delta = torch::zeros_like(x).requires_grad_(true);
    const auto loss = attack_objective(classifier_of(network), x, y, delta, options);
    return gradients_of(loss, {delta})[0].abs().max().item<double>();
  };
  auto detached = with(AttackLoss::kSoft);
  detached.detach_target = true;
  EXPECT_LT(slope_at_zero(with(AttackLoss::kSoft)), 1e-15);
  EXPECT_LT(slope_at_zero(detached), 1e-15);
  EXPECT_GT(slope_at_zero(with(AttackLoss::kLabel)), 1e-3);
  EXPECT_GT(slope_at_zero(with(AttackLoss::kPseudo)), 1e-3);
}

TEST(AttackObjective, SumsTheCrossEntropiesOfTheExamples) {
  const FrozenRandomness frozen(6);
  const auto classifier = linear_classifier(4, 12);
  const auto x = random_images(5, 2);
  const auto y = random_labels(5, 4);
  const auto delta = 0.1 * torch::randn_like(x);
  const auto log_probability = classifier(x + delta).log_softmax(1);
  const auto clean = classifier(x);
  const auto expected = [&](const Tensor& q) {
    return -(q * log_probability).sum().item<double>();
  };
  const auto value = [&](AttackLoss loss) {
    return attack_objective(classifier, x, y, delta, with(loss)).item<double>();
  };
  EXPECT_NEAR(value(AttackLoss::kSoft), expected(clean.softmax(1)), 1e-12);
  EXPECT_NEAR(value(AttackLoss::kLabel), expected(one_hot_rows(y, 4)), 1e-12);
  EXPECT_NEAR(value(AttackLoss::kPseudo), expected(one_hot_rows(clean.argmax(1), 4)), 1e-12);
}

TEST(AttackObjective, DetachingTheTargetChangesTheWeightGradientOnly) {
  const FrozenRandomness frozen(7);
  auto classifier = linear_classifier(4, 12);
  classifier.weight.requires_grad_(true);
  const auto x = random_images(5, 2);
  const auto y = random_labels(5, 4);
  const auto delta = (0.1 * torch::randn_like(x)).requires_grad_(true);
  auto detached = with(AttackLoss::kSoft);
  detached.detach_target = true;
  const auto slopes = [&](const AttackOptions& options) {
    return gradients_of(attack_objective(classifier, x, y, delta, options),
                        {delta, classifier.weight});
  };
  const auto whole = slopes(with(AttackLoss::kSoft));
  const auto constant = slopes(detached);
  EXPECT_TRUE(torch::equal(whole[0], constant[0]));
  // What detaching leaves out, by hand: with b = softmax(z) and ℓ = −Σ b log a, ∂ℓ/∂z is
  // −b ⊙ (log a − ⟨b, log a⟩), and z = W x.
  const torch::NoGradGuard no_grad;
  const auto log_a = classifier(x + delta).log_softmax(1);
  const auto b = classifier(x).softmax(1);
  const auto slope = -b * (log_a - (b * log_a).sum(1, /*keepdim=*/true));
  EXPECT_TRUE(
      torch::allclose(whole[1] - constant[1], slope.t().matmul(x.flatten(1)), 1e-10, 1e-13));
}

}  // namespace
}  // namespace sanas
