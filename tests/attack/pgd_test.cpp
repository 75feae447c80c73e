// SPDX-License-Identifier: Apache-2.0
#include "sanas/attack/pgd.h"

#include <gtest/gtest.h>

#include <cmath>

#include "attack/attack_support.h"
#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

using torch::Tensor;

// ---- the ball and the box --------------------------------------------------------------------

TEST(Pgd, TenThousandImagesStayInTheBallAndTheBox) {
  const FrozenRandomness frozen(1);
  int64_t images_seen = 0;
  for (int round = 0; images_seen < 10000; ++round) {
    const auto network = make_network();
    const auto x = random_images(250, 4);
    const auto y = random_labels(250, 4);
    auto options = with(static_cast<AttackLoss>(round % 3),
                        round % 2 == 0 ? AttackNorm::kLinf : AttackNorm::kL2);
    options.epsilon = 0.01 * (1 + round % 7);
    options.step_size = options.epsilon * (round % 5 == 0 ? 3.0 : 0.3);
    options.random_start = round % 4 != 0;
    const auto start = initial_perturbation(x, options);
    const auto delta = attack(classifier_of(network), x, y, start, options);
    for (const auto& d : {start, delta}) {
      const double length =
          options.norm == AttackNorm::kLinf ? d.abs().max().item<double>() : largest_length(d);
      ASSERT_LE(length, options.epsilon * (1.0 + 1e-12)) << "round " << round;
      ASSERT_GE((x + d).min().item<double>(), 0.0) << "round " << round;
      ASSERT_LE((x + d).max().item<double>(), 1.0) << "round " << round;
    }
    images_seen += x.size(0);
  }
}

TEST(Pgd, StaysInTheBoxInSinglePrecision) {
  const FrozenRandomness frozen(2);
  auto network = make_network();
  network->to(torch::kFloat);
  const auto x = random_images(1000, 4).to(torch::kFloat);
  const auto options = with(AttackLoss::kLabel);
  const auto delta = attack(classifier_of(network), x, random_labels(1000, 4),
                            initial_perturbation(x, options), options);
  EXPECT_EQ(delta.scalar_type(), torch::kFloat);
  EXPECT_GE((x + delta).min().item<float>(), 0.0F);
  EXPECT_LE((x + delta).max().item<float>(), 1.0F);
  EXPECT_LE(delta.abs().max().item<float>(), static_cast<float>(8.0 / 255.0));
}

TEST(Pgd, RefusesPixelsThatWereNormalised) {
  const auto x = torch::full({1, 3, 2, 2}, 0.5, doubles());
  const auto classifier = linear_classifier(3, 12);
  const auto labels = torch::zeros({1}, torch::dtype(torch::kLong).device(test_device()));
  const auto try_pixel = [&](double value) {
    auto images = x.clone();
    images[0][1][0][1] = value;
    return attack(classifier, images, labels, torch::zeros_like(x), with(AttackLoss::kLabel));
  };
  EXPECT_THROW(try_pixel(-0.1), DataError);
  EXPECT_THROW(try_pixel(1.1), DataError);
  EXPECT_THROW(try_pixel(std::nan("")), DataError);
  EXPECT_NO_THROW(try_pixel(0.0));
  EXPECT_NO_THROW(try_pixel(1.0 + 1e-7));
}

TEST(Pgd, DetachingTheTargetChangesNoPerturbation) {
  const FrozenRandomness frozen(8);
  const auto network = make_network();
  const auto x = random_images(10, 4);
  const auto y = random_labels(10, 4);
  for (const int64_t steps : {0, 1, 7}) {
    auto options = with(AttackLoss::kSoft);
    options.steps = steps;
    const auto start = initial_perturbation(x, options);
    const auto whole = attack(classifier_of(network), x, y, start, options);
    options.detach_target = true;
    EXPECT_TRUE(torch::equal(attack(classifier_of(network), x, y, start, options), whole)) << steps;
  }
}

TEST(Pgd, IncreasesTheObjective) {
  const FrozenRandomness frozen(9);
  for (const auto loss : {AttackLoss::kSoft, AttackLoss::kLabel, AttackLoss::kPseudo}) {
    for (const auto norm : {AttackNorm::kLinf, AttackNorm::kL2}) {
      for (int round = 0; round < 10; ++round) {
        const auto network = make_network();
        const auto x = random_images(20, 6);
        const auto y = random_labels(20, 4);
        const auto options = with(loss, norm);
        const auto start = initial_perturbation(x, options);
        const auto delta = attack(classifier_of(network), x, y, start, options);
        const torch::NoGradGuard no_grad;
        const auto value = [&](const Tensor& d) {
          return attack_objective(classifier_of(network), x, y, d, options).item<double>();
        };
        EXPECT_GT(value(delta), value(start)) << to_string(loss) << ' ' << to_string(norm);
      }
    }
  }
}

// ---- against formulas ------------------------------------------------------------------------

class PgdFormula : public testing::Test {
 protected:
  Tensor target(AttackLoss loss) const {
    const auto clean = classifier_(x_);
    return loss == AttackLoss::kSoft    ? clean.softmax(1)
           : loss == AttackLoss::kLabel ? one_hot_rows(y_, 4)
                                        : one_hot_rows(clean.argmax(1), 4);
  }

  LinearClassifier classifier_ = linear_classifier(4, 12);
  Tensor x_ = (0.5 + 0.3 * fill_wave(60, 1)).view({5, 3, 2, 2}).to(test_device());
  Tensor y_ = torch::tensor({0, 3, 1, 2, 2}, torch::kLong).to(test_device());
  Tensor start_ = (0.02 * fill_wave(60, 3)).view({5, 3, 2, 2}).to(test_device());
};

TEST_F(PgdFormula, ZeroStepsIsOneUnsignedUnprojectedStep) {
  // supplement eq. 2: δ + ξ Wᵀ(softmax(W(x + δ)) − target), here far outside the ball.
  for (const auto loss : {AttackLoss::kSoft, AttackLoss::kLabel, AttackLoss::kPseudo}) {
    auto options = with(loss);
    options.steps = 0;
    options.delta_step_size = 0.7;
    const auto expected = start_ + 0.7 * classifier_.gradient(x_ + start_, target(loss));
    const auto delta = attack(classifier_, x_, y_, start_, options);
    EXPECT_TRUE(torch::allclose(delta, expected, 1e-12, 1e-15)) << to_string(loss);
    EXPECT_FALSE(delta.requires_grad());
  }
}

TEST_F(PgdFormula, StepsAreSignedInTheCube) {
  auto options = with(AttackLoss::kLabel);
  auto expected = start_;
  for (int step = 0; step < 7; ++step) {
    const auto slope = classifier_.gradient(x_ + expected, target(AttackLoss::kLabel));
    expected = (expected + 2.0 / 255.0 * slope.sign()).clamp(-8.0 / 255.0, 8.0 / 255.0);
    expected = (x_ + expected).clamp(0.0, 1.0) - x_;
  }
  EXPECT_TRUE(torch::allclose(attack(classifier_, x_, y_, start_, options), expected, 0.0, 1e-15));
}

TEST_F(PgdFormula, StepsAreNormalisedInTheEuclideanBall) {
  auto options = with(AttackLoss::kSoft, AttackNorm::kL2);
  options.epsilon = 0.05;
  options.step_size = 0.02;
  options.steps = 4;
  const auto length = [](const Tensor& d) { return d.flatten(1).norm(2, 1).view({-1, 1, 1, 1}); };
  auto expected = start_;
  for (int step = 0; step < 4; ++step) {
    const auto slope = classifier_.gradient(x_ + expected, target(AttackLoss::kSoft));
    expected = expected + 0.02 * slope / length(slope);
    expected = expected * (0.05 / length(expected)).clamp_max(1.0);
    expected = (x_ + expected).clamp(0.0, 1.0) - x_;
  }
  EXPECT_TRUE(
      torch::allclose(attack(classifier_, x_, y_, start_, options), expected, 1e-12, 1e-15));
}

// ---- what must not change --------------------------------------------------------------------

TEST(Pgd, LeavesWeightsGradientsAndGeneratorsAlone) {
  const FrozenRandomness frozen(10);
  const auto network = make_network(/*dropout=*/0.3);
  const auto weights = clone(network->parameters());
  const auto x = random_images(10, 4);
  const auto y = random_labels(10, 4);
  const auto x_before = x.clone();
  for (const int64_t steps : {0, 7}) {
    auto options = with(AttackLoss::kSoft);
    options.steps = steps;
    const auto start = initial_perturbation(x, options);
    const auto start_before = start.clone();
    const auto before = at::detail::getDefaultCPUGenerator().get_state();
    attack(classifier_of(network), x, y, start, options);
    EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), before));
    EXPECT_TRUE(torch::equal(start, start_before));
  }
  EXPECT_TRUE(torch::equal(x, x_before));
  const auto after = network->parameters();
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_TRUE(torch::equal(after[i], weights[i])) << i;
    EXPECT_TRUE(after[i].requires_grad()) << i;
    EXPECT_FALSE(after[i].grad().defined()) << i;
  }
}

TEST(Pgd, GivesTheGeneratorsBackAlsoWhenTheClassifierThrows) {
  const auto x = torch::full({1, 3, 2, 2}, 0.5, doubles());
  const auto labels = torch::zeros({1}, torch::dtype(torch::kLong).device(test_device()));
  const auto before = at::detail::getDefaultCPUGenerator().get_state();
  const Classifier broken = [](const Tensor& pixels) -> Tensor {
    torch::rand_like(pixels);
    throw DataError("in the middle");
  };
  EXPECT_THROW(attack(broken, x, labels, torch::zeros_like(x), with(AttackLoss::kLabel)),
               DataError);
  EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), before));
}

TEST(Pgd, WorksWhereGradientsAreSwitchedOff) {
  const FrozenRandomness frozen(11);
  const auto network = make_network();
  const auto x = random_images(4, 4);
  const auto y = random_labels(4, 4);
  const auto options = with(AttackLoss::kSoft);
  const auto start = initial_perturbation(x, options);
  const auto expected = attack(classifier_of(network), x, y, start, options);
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(torch::equal(attack(classifier_of(network), x, y, start, options), expected));
}

/// Images whose pixels a network does not look at have no gradient.
TEST(AttackStep, LeavesAnImageWithoutGradientWhereItIsAndHasNoDerivativeThere) {
  torch::manual_seed(3);
  const auto x = random_images(3, 4);
  auto options = with(AttackLoss::kLabel, AttackNorm::kL2);
  options.epsilon = 0.4;
  options.step_size = 0.3;
  const auto start = initial_perturbation(x, options).requires_grad_(true);
  auto gradient = torch::randn_like(x);
  gradient[1].zero_();
  gradient.requires_grad_(true);
  const auto next = attack_step(start, gradient, x, options);
  EXPECT_TRUE(torch::equal(next[1], start[1]));
  EXPECT_EQ(count_unmoved(next, start).item<int64_t>(), 1);
  const auto q = torch::randn_like(x);
  const auto adjoint = torch::autograd::grad({next}, {gradient}, {q}).front();
  EXPECT_TRUE(adjoint.isfinite().all().item<bool>());
  EXPECT_EQ(adjoint[1].abs().max().item<double>(), 0.0);
  EXPECT_GT(adjoint[0].abs().max().item<double>(), 0.0);
}

/// Differences of the step, which know nothing of its derivatives.
TEST(AttackStep, HasTheDerivativeOfNormalisationBallAndBox) {
  torch::manual_seed(4);
  const auto x = random_images(3, 4);
  auto options = with(AttackLoss::kLabel, AttackNorm::kL2);
  for (const double epsilon : {0.2, 5.0}) {  // the ball cuts, or it does not
    options.epsilon = epsilon;
    options.step_size = 0.3;
    const auto delta = (0.05 * torch::randn_like(x)).requires_grad_(true);
    const auto gradient = torch::randn_like(x).requires_grad_(true);
    const auto q = torch::randn_like(x);
    const auto value = [&](const Tensor& d, const Tensor& g) {
      return (attack_step(d, g, x, options) * q).sum();
    };
    const auto slopes = torch::autograd::grad({value(delta, gradient)}, {delta, gradient});
    const torch::NoGradGuard no_grad;
    const double h = 1e-6;
    const auto direction = torch::randn_like(x);
    const auto along = [&](double at_delta, double at_gradient) {
      const auto at = [&](double t) {
        return value(delta + at_delta * t * direction, gradient + at_gradient * t * direction)
            .item<double>();
      };
      return (at(h) - at(-h)) / (2.0 * h);
    };
    for (int which = 0; which < 2; ++which) {
      const double expected = along(1.0 - which, which);
      const double slope = (slopes[static_cast<size_t>(which)] * direction).sum().item<double>();
      EXPECT_NEAR(slope, expected, 1e-6 * (1.0 + std::abs(expected))) << epsilon << " " << which;
    }
  }
}

TEST(Pgd, HasNamesForTheConfiguration) {
  EXPECT_EQ(to_string(AttackLoss::kSoft), "soft");
  EXPECT_EQ(to_string(AttackLoss::kLabel), "label");
  EXPECT_EQ(to_string(AttackLoss::kPseudo), "pseudo");
  EXPECT_EQ(to_string(AttackNorm::kLinf), "linf");
  EXPECT_EQ(to_string(AttackNorm::kL2), "l2");
}

/// The loop of method §4.1, written down as there, for a loss that is linear in the image.
Tensor published_loop(const Tensor& x, const Tensor& start, const Tensor& slope, double epsilon,
                      double step, int64_t steps) {
  Tensor position = x + start;
  Tensor delta = start;
  for (int64_t k = 0; k < steps; ++k) {
    position = position + step * slope.sign();
    delta = torch::clamp(position - x, -epsilon, epsilon);
    position = torch::clamp(x + delta, 0.0, 1.0);
  }
  return delta;
}

TEST(AttackSpace, NormalizedFollowsThePublishedLoopOutsideOfThePixelRange) {
  torch::manual_seed(2);
  const auto x = (4.0 * torch::rand({3, 3, 2, 2}, torch::kDouble) - 2.0).to(test_device());
  const auto slope = torch::randn({2, 12}, torch::kDouble).to(test_device());
  const Classifier classifier = [&](const Tensor& images) {
    return images.flatten(1).mm(slope.t());
  };
  AttackOptions options;
  options.space = AttackSpace::kNormalized;
  options.loss = AttackLoss::kLabel;
  const auto labels = torch::zeros({3}, torch::kInt64).to(test_device());
  const auto start = initial_perturbation(x, options);
  EXPECT_LE(start.abs().max().item<double>(), options.epsilon);
  const auto delta = attack(classifier, x, labels, start, options);
  // Two classes, label 0: the cross-entropy grows along the difference of the rows.
  const auto ascent = (slope[1] - slope[0]).view({1, 3, 2, 2}).expand_as(x);
  EXPECT_TRUE(torch::allclose(
      delta, published_loop(x, start, ascent, options.epsilon, options.step_size, options.steps)));
  // Method §4.4: beyond the range the box decides, whatever the gradient.
  const double margin = options.epsilon + options.step_size;
  const auto outside = ((x > 1.0 + margin) | (x < -margin)).to(torch::kDouble);
  EXPECT_GT(outside.sum().item<double>(), 0.0);
  EXPECT_TRUE(torch::allclose(delta * outside, -options.epsilon * x.sign() * outside));
  options.space = AttackSpace::kPixels;
  EXPECT_THROW(attack(classifier, x, labels, start, options), DataError);
}

}  // namespace
}  // namespace sanas
