// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "search/recording_supernet.h"
#include "search/small_search.h"
#include "search/toy_problem.h"

namespace sanas {
namespace {

constexpr SecondOrderApproximation kApproximations[] = {SecondOrderApproximation::kFiniteDifference,
                                                        SecondOrderApproximation::kCentral4,
                                                        SecondOrderApproximation::kExact};

constexpr double kGamma = 0.7;

/// Four examples, and a ξ_δ that lifts I3 and I4 above the rounding of the total.
class ArchitectProperties : public testing::Test {
 protected:
  ArchitectProperties() {
    search_.options.gamma = kGamma;
    search_.options.approximation = SecondOrderApproximation::kExact;
    search_.options.delta_step_size = 1.0;
  }

  torch::Tensor start() const {
    const FrozenRandomness frozen(9);
    return initial_perturbation(search_.train.images, search_.attack);
  }

  /// ∂V/∂A at the current weights, by hand.
  TensorList direct(Supernet& net) const {
    const ScopedBuffers buffers(net);
    const auto logits = net.forward(search_.validation.images);
    return gradients_of(cross_entropy(logits, search_.validation.labels),
                        net.architecture().tensors());
  }

  SmallSearch search_{tiny_choice("darts"), 4};
};

TEST_F(ArchitectProperties, GammaWeighsTheTermsOfW1AndNothingElse) {
  const auto with = search_.sanas_gradient();
  search_.options.gamma = 0.0;
  const auto without = search_.sanas_gradient();
  for (const Term term : kTerms) {
    EXPECT_TRUE(same_bits(with.terms[term], without.terms[term])) << symbol(term);
  }
  const auto weighted = add(with.terms[Term::kDirect1], with.terms[Term::kWeights1]);
  EXPECT_LT(relative_error(add(with.total, weighted, -kGamma), without.total), 1e-12);
}

TEST_F(ArchitectProperties, EachSwitchRemovesItsTermFromTheTotal) {
  search_.options.approximation = SecondOrderApproximation::kFiniteDifference;
  search_.options.shared_passes = false;
  const auto whole = search_.sanas_gradient();
  for (const Term term : kTerms) {
    search_.options.terms = PerTerm<bool>(true);
    search_.options.terms[term] = false;
    const auto removed = add(whole.total, search_.sanas_gradient().total, -1.0);
    const auto expected = scale(whole.terms[term], is_of_validation1(term) ? kGamma : 1.0);
    EXPECT_LT(relative_error(removed, expected), 1e-9) << symbol(term);
  }
}

TEST_F(ArchitectProperties, TheTotalIsTheSumOfItsTerms) {
  const auto h = search_.sanas_gradient();
  TensorList sum = zeros_like(h.total);
  for (const Term term : kTerms) {
    add_in_place(sum, h.terms[term], is_of_validation1(term) ? kGamma : 1.0);
  }
  EXPECT_LT(relative_error(h.total, sum), 1e-12);
}

TEST_F(ArchitectProperties, FirstOrderIsTheSumOfTheDirectTerms) {
  search_.options.order = HypergradientOrder::kFirst;
  const auto h = search_.sanas_gradient();
  const auto d1 = direct(*search_.networks.net1);
  const auto d2 = direct(*search_.networks.net2);
  EXPECT_LT(relative_error(h.total, add(d2, d1, kGamma)), 1e-13);
  EXPECT_EQ(h.passes, 2);
  const auto plain = search_.plain()->gradient(search_.train, search_.validation, 7, false);
  EXPECT_LT(relative_error(plain.total, d1), 1e-13);
  EXPECT_EQ(plain.passes, 1);
}

TEST_F(ArchitectProperties, TheOrderOfTheExamplesDoesNotMatter) {
  const auto delta = start();
  const auto expected =
      search_.sanas().gradient_from(search_.train, search_.validation, delta, 7, true);
  const auto permuted = [order = torch::tensor({2, 0, 3, 1}, test_device())](const Batch& batch) {
    return Batch{batch.images.index_select(0, order), batch.labels.index_select(0, order), {}};
  };
  const auto train = permuted(search_.train);
  const auto moved = permuted({delta, search_.train.labels, {}}).images;
  const auto found =
      search_.sanas().gradient_from(train, permuted(search_.validation), moved, 7, true);
  EXPECT_LT(relative_error(found.total, expected.total), 1e-9);
  for (const Term term : kTerms) {
    EXPECT_LT(relative_error(found.terms[term], expected.terms[term]), 1e-9) << symbol(term);
  }
  // δ has to move with its image.
  const auto mixed =
      search_.sanas().gradient_from(train, permuted(search_.validation), delta, 7, true);
  EXPECT_GT(relative_error(mixed.total, expected.total), 1e-6);
}

// With batch norm in evaluation mode no example knows of another.
TEST_F(ArchitectProperties, HalfBatchesGiveTheHypergradientOfTheWhole) {
  search_.networks.net1->eval();
  search_.networks.net2->eval();
  search_.reweighting = Reweighting::kOnePlusAbs;  // pictures so faint as δ ⊙ x die in ReLUs here
  const auto half_of = [](const Batch& batch, int64_t k) {
    return Batch{
        batch.images.slice(0, 2 * k, 2 * k + 2), batch.labels.slice(0, 2 * k, 2 * k + 2), {}};
  };
  const Batch trains[] = {half_of(search_.train, 0), half_of(search_.train, 1)};
  const Batch validations[] = {half_of(search_.validation, 0), half_of(search_.validation, 1)};
  const VirtualStep step1{0.025, 0.9, 3e-4, search_.weights1.momentum_buffers()};
  const VirtualStep step2{0.025, 0.9, 3e-4, search_.weights2.momentum_buffers()};
  for (const auto reduction : {Stage3Reduction::kMean, Stage3Reduction::kSum}) {
    search_.options.stage3_reduction = reduction;
    const auto architect = search_.sanas();
    const auto delta = start().requires_grad_(true);
    const auto whole = architect.problem(search_.train, search_.validation, delta, 7);
    const auto half = [&](int64_t k) {
      return architect.problem(trains[k], validations[k], delta.slice(0, 2 * k, 2 * k + 2), 7);
    };
    FourLevelProblem halves = whole;
    halves.train1 = [&] { return (half(0).train1() + half(1).train1()) / 2.0; };
    halves.attack = [&] { return half(0).attack() + half(1).attack(); };
    halves.train2 = [&] {
      return (half(0).train2() + half(1).train2()) /
             (reduction == Stage3Reduction::kMean ? 2.0 : 1.0);
    };
    halves.validation1 = [&] { return (half(0).validation1() + half(1).validation1()) / 2.0; };
    halves.validation2 = [&] { return (half(0).validation2() + half(1).validation2()) / 2.0; };
    halves.perturb = [&] { return torch::cat({half(0).perturb(), half(1).perturb()}); };
    const auto expected = four_level_hypergradient(whole, step1, step2, search_.options, true);
    const auto found = four_level_hypergradient(halves, step1, step2, search_.options, true);
    for (const Term term : kTerms) {
      EXPECT_LT(relative_error(found.terms[term], expected.terms[term]), 1e-9) << symbol(term);
    }
    EXPECT_LT(relative_error(found.total, expected.total), 1e-9);
  }
}

TEST_F(ArchitectProperties, AStepFunctionOfDeltaLeavesNoPathThroughDelta) {
  search_.reweighting = Reweighting::kMask;
  search_.attack.steps = 7;
  for (const auto approximation : kApproximations) {
    search_.options.approximation = approximation;
    const auto h = search_.sanas_gradient();
    EXPECT_EQ(norm(h.terms[Term::kDeltaDirect]), 0.0) << to_string(approximation);
    EXPECT_EQ(norm(h.terms[Term::kDeltaWeights1]), 0.0) << to_string(approximation);
    EXPECT_GT(norm(h.terms[Term::kWeights2]), 0.0) << to_string(approximation);
  }
}

TEST(HypergradientWithoutValidationLossOfW1, HasNoTermsOfIt) {
  ToyProblem toy{AttackOptions{}};
  auto problem = toy.problem();
  problem.validation1 = [] { return torch::zeros({}, torch::kDouble); };
  for (const auto approximation : kApproximations) {
    const auto h = four_level_hypergradient(problem, toy.step1(), toy.step2(),
                                            toy.options(approximation), true);
    EXPECT_EQ(norm(h.terms[Term::kDirect1]), 0.0) << to_string(approximation);
    EXPECT_EQ(norm(h.terms[Term::kWeights1]), 0.0) << to_string(approximation);
    EXPECT_GT(norm(h.terms[Term::kDeltaWeights1]), 0.0) << to_string(approximation);
  }
}

TEST_F(ArchitectProperties, TheSeedDecidesWhereTheAttackStarts) {
  search_.options.approximation = SecondOrderApproximation::kFiniteDifference;
  const auto first = search_.sanas_gradient(7);
  const auto again = search_.sanas_gradient(7);
  EXPECT_TRUE(same_bits(first.total, again.total));
  EXPECT_TRUE(same_bits(first.updated_delta, again.updated_delta));
  EXPECT_FALSE(same_bits(first.updated_delta, search_.sanas_gradient(8).updated_delta));
}

// P-DARTS has dropout, PR-DARTS gates, and S4 an operation that is noise.
class RandomNetwork : public testing::TestWithParam<std::pair<const char*, const char*>> {
 protected:
  TensorList plain_total(uint64_t seed) const {
    return search_.plain()->gradient(search_.train, search_.validation, seed, false).total;
  }

  SmallSearch search_{tiny_choice(GetParam().first, GetParam().second)};
};

TEST_P(RandomNetwork, EqualSeedsGiveEqualDraws) {
  EXPECT_TRUE(same_bits(plain_total(7), plain_total(7)));
  EXPECT_TRUE(same_bits(search_.sanas_gradient(7).total, search_.sanas_gradient(7).total));
  EXPECT_FALSE(same_bits(plain_total(7), plain_total(8))) << "nothing here is random";
}

TEST_P(RandomNetwork, AnObjectiveGivesTheSameValueEachTime) {
  const auto architect = search_.sanas();
  const auto delta = torch::full_like(search_.train.images, 0.01).requires_grad_(true);
  const auto problem = architect.problem(search_.train, search_.validation, delta, 7);
  for (const auto& objective : {problem.train1, problem.attack, problem.train2, problem.validation1,
                                problem.validation2, problem.perturb}) {
    EXPECT_TRUE(same_bits(objective(), objective()));
  }
}

INSTANTIATE_TEST_SUITE_P(Families, RandomNetwork,
                         testing::Values(std::pair{"pdarts", "darts"},
                                         std::pair{"prdarts", "darts"}, std::pair{"darts", "s4"}),
                         [](const auto& info) {
                           return std::string(info.param.first) + "_" + info.param.second;
                         });

// darts-family §9.3: the architecture's loss is CE(val) + R, with the gates of the validation pass.
TEST(Regularization, IsThatOfTheValidationPassAndNoPartOfTheDataTerms) {
  SmallSearch search(tiny_choice("recorded"));
  search.networks.net1->start_epoch({49, 50});  // the regulariser is flat where gates are warm
  const auto gradient = [&](HypergradientOrder order) {
    search.options.order = order;
    return search.plain()->gradient(search.train, search.validation, 7, false);
  };
  const auto first = gradient(HypergradientOrder::kFirst);  // has no other pass
  const auto expected = gradients_of(last_regularization(*search.networks.net1),
                                     search.networks.architecture()->tensors());
  const auto added = add(first.total, first.terms[Term::kDirect1], -1.0);
  EXPECT_LT(relative_error(added, expected), 1e-9);
  const auto second = gradient(HypergradientOrder::kSecond);
  const auto data = add(second.terms[Term::kDirect1], second.terms[Term::kWeights1]);
  EXPECT_LT(relative_error(add(second.total, data, -1.0), expected), 1e-9);
}

}  // namespace
}  // namespace sanas
