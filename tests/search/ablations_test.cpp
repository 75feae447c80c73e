// SPDX-License-Identifier: Apache-2.0
// The switches of method §4 and supplement §F.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sanas/core/error.h"
#include "search/recording_supernet.h"
#include "search/tiny_search.h"

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
  search.options.terms[Term::kDeltaDirect] = search.options.terms[Term::kDeltaWeights1] = false;
  const auto betty = search.sanas_gradient();
  EXPECT_GT(norm(whole.terms[Term::kDeltaDirect]), 0.0);
  EXPECT_EQ(norm(betty.terms[Term::kDeltaDirect]), 0.0);
  EXPECT_EQ(norm(betty.terms[Term::kDeltaWeights1]), 0.0);
  for (const Term term : {Term::kWeights1, Term::kWeights2}) {
    const auto& ours = whole.terms[term];
    const auto& theirs = betty.terms[term];
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
  EXPECT_EQ(norm(before.terms[Term::kDeltaDirect]), 0.0);
  EXPECT_EQ(norm(before.terms[Term::kDeltaWeights1]), 0.0);
  EXPECT_GT(norm(before.terms[Term::kWeights2]), 0.0);
  architect.start_epoch(2);
  const auto after = architect.gradient(search.train, search.validation, 7, true);
  EXPECT_GT(norm(after.terms[Term::kDeltaDirect]), 0.0);
  EXPECT_NE(after.train2_loss, before.train2_loss) << "raw images before, re-weighted ones after";
  EXPECT_EQ(after.train1_loss, before.train1_loss);
}

/// Attacks on the label begin at zero: nothing is drawn, and W1's loss can be computed again.
AttackOptions plain_attack() {
  AttackOptions attack;
  attack.steps = 3;
  attack.loss = AttackLoss::kLabel;
  attack.random_start = false;
  return attack;
}

double loss_on(SmallSearch& search, Supernet& net, const torch::Tensor& images) {
  const ScopedBuffers buffers(net);
  return cross_entropy(frozen_classifier(net, search.networks.normalization, 0)(images),
                       search.train.labels)
      .item<double>();
}

torch::Tensor attack_on_weights1(SmallSearch& search, const AttackOptions& options,
                                 const torch::Tensor& start) {
  Supernet& net = *search.networks.net1;
  const ScopedBuffers buffers(net);
  return attack(frozen_classifier(net, search.networks.normalization, 0), search.train.images,
                search.train.labels, start, options);
}

// A's virtual step of W1 is that of the loss at x + δ; its validation stays on clean images.
TEST(AdversarialWeights1, TrainsW1OnAttackedImagesOnly) {
  SmallSearch search(tiny_choice("darts"));
  SearchOptions options;
  options.attack = plain_attack();
  options.hypergradient.weight1_step_size = 0.0;  // W1' = W1: the same place to validate at
  const auto start = torch::zeros_like(search.train.images);
  const auto gradient = [&] {
    return SanasArchitect(search.networks, search.weights1, search.weights2, options)
        .gradient_from(search.train, search.validation, start, 7, true);
  };
  const auto separate = gradient();
  options.adversarial_weights1 = true;
  const auto joint = gradient();
  Supernet& net = *search.networks.net1;
  const auto delta = attack_on_weights1(search, options.attack, start);
  EXPECT_NEAR(separate.train1_loss, loss_on(search, net, search.train.images), 1e-12);
  EXPECT_NEAR(joint.train1_loss, loss_on(search, net, search.train.images + delta), 1e-12);
  EXPECT_GT(joint.train1_loss, separate.train1_loss) << "the attack raises the loss";
  EXPECT_EQ(joint.validation1_loss, separate.validation1_loss);
  EXPECT_TRUE(same_bits(joint.terms[Term::kDirect1], separate.terms[Term::kDirect1]));
  EXPECT_EQ(joint.train2_loss, separate.train2_loss) << "W2 learns as before";
  EXPECT_EQ(joint.passes, separate.passes + options.attack.steps);
}

// The loop's own update of W1.
TEST(AdversarialWeights1, TheLoopTrainsW1OnTheSameImages) {
  auto options = quick_options();
  options.attack = plain_attack();
  options.adversarial_weights1 = true;
  options.max_steps = 1;
  options.architecture.start_epoch = 9;
  TinySearch attacked(options);
  Witness witness(attacked.loop);
  attacked.loop.add_observer(witness);
  attacked.loop.run();

  TinySearch untouched(options);
  const auto order = untouched.train().order(0, 4);
  const Batch batch = untouched.train().load(0, order).to(test_device());
  Supernet& net = *untouched.loop.networks().net1;
  const auto classifier = frozen_classifier(net, untouched.loop.networks().normalization, 0);
  const auto loss = [&](const torch::Tensor& images) {
    return cross_entropy(classifier(images), batch.labels).item<double>();
  };
  const auto delta = attack(classifier, batch.images, batch.labels, torch::zeros_like(batch.images),
                            options.attack);
  EXPECT_NEAR(witness.steps[0].weights1->loss, loss(batch.images + delta), 1e-6);
  EXPECT_GT(witness.steps[0].weights1->loss, loss(batch.images) + 1e-3);
  EXPECT_EQ(witness.steps[0].weights1->passes, 1 + 3);
}

// W1 stands still: the attack that A sees is at the W1 that W2's images are attacked at, whatever
// W1's momentum still holds, and no pass is spent on W1.
TEST(SequentialStages, InTheSecondHalfTheArchitectureSeesTheAttackOnTheFrozenW1) {
  SmallSearch search(tiny_choice("darts"));
  ASSERT_GT(norm(search.weights1.momentum_buffers()), 0.0);
  SearchOptions options;
  options.attack = plain_attack();
  options.sequential_stages = true;
  options.hypergradient.approximation = SecondOrderApproximation::kFiniteDifference;
  const auto start = torch::zeros_like(search.train.images);
  const auto h = SanasArchitect(search.networks, search.weights1, search.weights2, options)
                     .gradient_from(search.train, search.validation, start, 7, true);
  EXPECT_TRUE(same_bits(h.updated_delta, attack_on_weights1(search, options.attack, start)));
  EXPECT_TRUE(same_bits(h.updated_weights1, search.weights1.parameters()));
  EXPECT_EQ(h.passes, 3 + 1 + 1 + 2) << "attack, W2', its validation, one product";
  EXPECT_EQ(h.split_passes, 0);
  for (const Term term :
       {Term::kDirect1, Term::kWeights1, Term::kDeltaDirect, Term::kDeltaWeights1}) {
    EXPECT_EQ(norm(h.terms[term]), 0.0) << symbol(term);
  }
  EXPECT_LT(norm(add(h.total, add(h.terms[Term::kDirect2], h.terms[Term::kWeights2]), -1.0)),
            1e-14);
  EXPECT_GT(norm(h.terms[Term::kWeights2]), 0.0);
}

TEST(SequentialStages, OfFirstOrderValidateW2Alone) {
  SmallSearch search(tiny_choice("darts"));
  SearchOptions options;
  options.sequential_stages = true;
  options.hypergradient.order = HypergradientOrder::kFirst;
  const auto h = SanasArchitect(search.networks, search.weights1, search.weights2, options)
                     .gradient(search.train, search.validation, 7, true);
  EXPECT_EQ(h.passes, 1);
  EXPECT_TRUE(same_bits(h.total, h.terms[Term::kDirect2]));
}

TEST(SearchSettings, ThatContradictEachOtherAreRefusedByName) {
  const auto refusal = [](auto change) {
    SearchOptions options;
    change(options);
    try {
      validate(options);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal([](auto&) {}), "");
  EXPECT_THAT(refusal([](auto& o) {
                o.method = SearchMethod::kPlain;
                o.adversarial_weights1 = true;
              }),
              testing::StartsWith("search.adversarial_weights1: "));
  EXPECT_THAT(refusal([](auto& o) {
                o.method = SearchMethod::kPlain;
                o.sequential_stages = true;
              }),
              testing::StartsWith("search.sequential_stages: "));
  EXPECT_THAT(refusal([](auto& o) { o.adversarial_weights1 = o.sequential_stages = true; }),
              testing::HasSubstr("search.sequential_stages"));
  EXPECT_THAT(refusal([](auto& o) { o.hypergradient.inner_steps.delta = 2; }),
              testing::StartsWith("hypergradient.inner_steps.delta: 2"));
  EXPECT_EQ(refusal([](auto& o) {
              o.hypergradient.inner_steps.delta = 2;
              o.attack.steps = 0;
            }),
            "");
}

TEST(SearchSettings, OfAnAttackWithoutDerivativeAreRefusedByName) {
  const auto refusal = [](AttackNorm norm, int64_t steps, AttackSpace space) {
    SearchOptions options;
    options.attack.jacobian = AttackJacobian::kExact;
    options.attack.norm = norm;
    options.attack.steps = steps;
    options.attack.space = space;
    try {
      validate(options);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(AttackNorm::kL2, 1, AttackSpace::kPixels), "");
  EXPECT_THAT(refusal(AttackNorm::kLinf, 7, AttackSpace::kPixels),
              testing::AllOf(testing::StartsWith("attack.jacobian: "), testing::HasSubstr("linf")));
  EXPECT_THAT(refusal(AttackNorm::kL2, 0, AttackSpace::kPixels),
              testing::AllOf(testing::StartsWith("attack.jacobian: "),
                             testing::HasSubstr("attack.steps: 0")));
  EXPECT_THAT(
      refusal(AttackNorm::kL2, 1, AttackSpace::kNormalized),
      testing::AllOf(testing::StartsWith("attack.jacobian: "), testing::HasSubstr("attack.space")));
}

// Eq. 2 has its steps and step size in one place; W2's images and A's Δ' are made by the same.
TEST(EquationTwo, IsTheSameForTheAttackAndTheHypergradient) {
  SmallSearch search(tiny_choice("darts"));
  SearchOptions options;
  options.attack = plain_attack();
  options.attack.steps = 0;
  options.hypergradient.delta_step_size = 0.125;
  options.hypergradient.inner_steps.delta = 3;
  options.hypergradient.weight1_step_size = 0.0;
  const auto start = torch::full_like(search.train.images, 0.01);
  const auto h = SanasArchitect(search.networks, search.weights1, search.weights2, options)
                     .gradient_from(search.train, search.validation, start, 7, false);
  const auto delta = attack_on_weights1(search, attack_of(options), start);
  EXPECT_LT((h.updated_delta - delta).abs().max().item<double>(), 1e-14);
  AttackOptions one = attack_of(options);
  one.delta_steps = 1;
  auto by_hand = start;
  for (int step = 0; step < 3; ++step) {
    by_hand = attack_on_weights1(search, one, by_hand);
  }
  EXPECT_TRUE(same_bits(by_hand, delta));
}

// PR-DARTS updates the weights first (darts-family §9.4): A then follows the new W1.
TEST(UpdateOrder, DecidesWhichWeightsTheArchitectureFollows) {
  auto options = quick_options();
  options.method = SearchMethod::kPlain;
  options.max_steps = 1;
  options.architecture.learning_rate = options.architecture.weight_decay = 0.0;  // A stands still
  for (const auto order : {UpdateOrder::kArchitectureFirst, UpdateOrder::kWeightsFirst}) {
    options.update_order = order;
    TinySearch search(options);
    const Batch batch =
        search.validation().load(0, search.validation().order(0, 4)).to(test_device());
    Supernet& net = *search.loop.networks().net1;
    const auto loss = [&] {
      const ScopedBuffers buffers(net);
      const torch::NoGradGuard no_grad;
      return cross_entropy(net.forward(batch.images), batch.labels).item<double>();
    };
    const double before = loss();
    Witness witness(search.loop);
    search.loop.add_observer(witness);
    search.loop.run();
    const double after = loss();
    ASSERT_GT(std::abs(after - before), 1e-4);
    const double expected = order == UpdateOrder::kWeightsFirst ? after : before;
    EXPECT_NEAR(witness.steps[0].architecture->validation1_loss, expected, 1e-6)
        << to_string(order);
  }
}

// Supplement eq. 3 sums over the batch of four: W2's gradient is four times that of the mean.
TEST(Stage3Reduction, OfSumMultipliesTheGradientOfW2Alone) {
  auto options = quick_options();
  options.max_steps = 1;
  const auto step = [&] {
    TinySearch search(options);
    Witness witness(search.loop);
    search.loop.add_observer(witness);
    search.loop.run();
    return witness.steps.at(0);
  };
  const auto mean = step();
  options.hypergradient.stage3_reduction = Stage3Reduction::kSum;
  const auto sum = step();
  EXPECT_NEAR(sum.weights2->gradient_norm / mean.weights2->gradient_norm, 4.0, 1e-5);
  EXPECT_EQ(sum.weights1->gradient_norm, mean.weights1->gradient_norm);
  EXPECT_EQ(sum.weights2->loss, mean.weights2->loss) << "reported per image";
}

// darts-family §9.3: the regulariser of what the validation of W2 has drawn.
TEST(PrdartsRegularizer, IsAddedToTheHypergradient) {
  auto choice = tiny_choice("recorded");
  choice.prdarts.temperature_start = choice.prdarts.temperature_end = 0.5;
  choice.prdarts.penalty_threshold = 0.0;
  SmallSearch search(choice);
  search.networks.net2->start_epoch({0, 2});
  SearchOptions options;
  options.hypergradient.order =
      HypergradientOrder::kFirst;  // the last pass of W2 is its validation
  SanasArchitect architect(search.networks, search.weights1, search.weights2, options);
  const auto whole = architect.gradient(search.train, search.validation, 7, false);
  const auto expected = gradients_of(last_regularization(*search.networks.net2),
                                     search.networks.architecture()->tensors());
  const auto data = architect.gradient_from(search.train, search.validation,
                                            torch::zeros_like(search.train.images), 7, false);
  ASSERT_GT(norm(expected), 0.0);
  EXPECT_LT(norm(add(add(whole.total, data.total, -1.0), expected, -1.0)), 1e-12);
}

/// Each image's δ after an epoch.
class DeltaWitness : public SearchObserver {
 public:
  explicit DeltaWitness(SearchLoop& loop) : loop_(loop) {}
  void on_epoch(const EpochReport& /*report*/) override {
    const auto state = loop_.state().perturbations;
    deltas.push_back((state.codes.to(torch::kDouble) *
                      (state.scales.to(torch::kDouble) / 127.0).view({-1, 1, 1, 1}))
                         .index_select(0, state.samples.argsort()));
  }
  TensorList deltas;

 private:
  SearchLoop& loop_;
};

// One step of 0.001 each: what began at a random point of the ball would be far from the last one.
TEST(PersistentPerturbations, TheNextAttackOnAnImageBeginsWhereTheLastEnded) {
  auto options = quick_options();
  options.epochs = 2;
  options.keep_perturbations = true;
  options.update_every = {1, 1, 100};
  options.attack.steps = 1;
  options.attack.step_size = 0.001;
  options.attack.epsilon = 0.1;
  TinySearch search(options);
  DeltaWitness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  ASSERT_EQ(witness.deltas.size(), 2U);
  ASSERT_EQ(witness.deltas[0].size(0), 12);
  EXPECT_GT(witness.deltas[0].abs().max().item<double>(), 0.05) << "the start was random";
  const auto change = (witness.deltas[1] - witness.deltas[0]).abs();
  EXPECT_GT(change.max().item<double>(), 0.0005);
  EXPECT_LT(change.max().item<double>(), 0.001 + 0.1 / 127.0 + 1e-6) << "a step and a rounding";
}

}  // namespace
}  // namespace sanas
