// SPDX-License-Identifier: Apache-2.0
// The switches of method §4 and supplement §F.
#include <gtest/gtest.h>

#include "small_search.h"
#include "toy_problem.h"

namespace sanas {
namespace {

/// T(W, A) = ½ ‖W − A‖² · k and V(W, A) = ½ ‖W‖²: everything can be computed by hand.
struct Quadratic {
  torch::Tensor a = torch::tensor({1.0, -2.0}, torch::kDouble).requires_grad_();
  torch::Tensor w = torch::tensor({3.0, 0.5}, torch::kDouble).requires_grad_();

  BilevelProblem problem() const {
    return {[this] { return 0.5 * kCurvature * (w - a).square().sum(); },
            [this] { return 0.5 * w.square().sum(); },
            {a},
            {w}};
  }
  static constexpr double kCurvature = 0.3;
};

TEST(IdentityImplicitDerivative, LeavesOutTheStepSizeAndTakesTheUpdatedPoint) {
  const Quadratic q;
  const double step = 0.1;
  const auto updated = q.w - step * Quadratic::kCurvature * (q.w - q.a);  // ∂V/∂W' = W'
  HypergradientOptions options;
  for (const auto approximation :
       {SecondOrderApproximation::kExact, SecondOrderApproximation::kFiniteDifference}) {
    options.approximation = approximation;
    options.implicit = ImplicitDerivative::kUnrolled;
    const auto unrolled = bilevel_hypergradient(q.problem(), {.step_size = step}, options);
    EXPECT_TRUE(torch::allclose(unrolled.total[0], step * Quadratic::kCurvature * updated, 1e-8));
    options.implicit = ImplicitDerivative::kIdentity;
    const auto identity = bilevel_hypergradient(q.problem(), {.step_size = step}, options);
    EXPECT_TRUE(torch::allclose(identity.total[0], Quadratic::kCurvature * updated, 1e-8));
    EXPECT_TRUE(q.w.equal(torch::tensor({3.0, 0.5}, torch::kDouble))) << "put back";
  }
}

// What method §4.2 says of the author's later code: I1 and I2 are larger by 1/ξ (up to the point
// they are taken at), and there is no path through δ.
TEST(BettyCompatibility, ScalesTheImplicitTermsAndDropsTheSaliencyPath) {
  SmallSearch search(tiny_choice("darts"));
  search.options.approximation = SecondOrderApproximation::kExact;
  search.options.weight1_step_size = search.options.weight2_step_size = 1e-5;
  const auto whole = search.sanas_gradient();
  search.options.implicit = ImplicitDerivative::kIdentity;
  search.options.terms.delta_direct = search.options.terms.delta_weights1 = false;
  const auto betty = search.sanas_gradient();
  EXPECT_GT(norm(whole.through_delta), 0.0);
  EXPECT_EQ(norm(betty.through_delta), 0.0);
  EXPECT_EQ(norm(betty.through_delta_weights1), 0.0);
  for (const auto& [ours, theirs] : {std::pair{whole.through_weights1, betty.through_weights1},
                                     std::pair{whole.through_weights2, betty.through_weights2}}) {
    EXPECT_NEAR(dot(ours, theirs) / (norm(ours) * norm(theirs)), 1.0, 1e-3);
    EXPECT_NEAR(norm(theirs) / norm(ours) * 1e-5, 1.0, 1e-2);
  }
}

TEST(AttackStartEpoch, BeforeItNoPathLeadsThroughDelta) {
  SmallSearch search(tiny_choice("darts"));
  SearchOptions options;
  options.attack = search.attack;
  options.attack_start_epoch = 2;
  SanasArchitect architect(search.networks, search.weights1, search.weights2, options);
  architect.start_epoch(1);
  const auto before = architect.gradient(search.train, search.validation, 7, true);
  EXPECT_EQ(norm(before.through_delta), 0.0);
  EXPECT_EQ(norm(before.through_delta_weights1), 0.0);
  EXPECT_GT(norm(before.through_weights2), 0.0);
  architect.start_epoch(2);
  const auto after = architect.gradient(search.train, search.validation, 7, true);
  EXPECT_GT(norm(after.through_delta), 0.0);
  EXPECT_NE(after.train2_loss, before.train2_loss) << "raw images before, re-weighted ones after";
  EXPECT_EQ(after.train1_loss, before.train1_loss);
}

TEST(AdversarialWeights1, TrainsW1OnAttackedImagesOnly) {
  SmallSearch search(tiny_choice("darts"));
  SearchOptions options;
  options.attack = search.attack;
  options.attack.loss = AttackLoss::kLabel;
  const auto gradient = [&] {
    return SanasArchitect(search.networks, search.weights1, search.weights2, options)
        .gradient(search.train, search.validation, 7, true);
  };
  const auto separate = gradient();
  options.adversarial_weights1 = true;
  const auto joint = gradient();
  EXPECT_GT(joint.train1_loss, separate.train1_loss) << "the attack raises the loss";
}

}  // namespace
}  // namespace sanas
