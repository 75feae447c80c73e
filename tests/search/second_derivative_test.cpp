// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/second_derivative.h"

#include <gtest/gtest.h>

#include "sanas/search/gradient_stage.h"

namespace sanas {
namespace {

const torch::TensorOptions kVariable =
    torch::TensorOptions().dtype(torch::kDouble).requires_grad(true);

/// F = Σ x³ y: its gradient in x is 3x²y, and [∂²F/∂y∂x] v = 3x²v, [∂²F/∂x∂x] v = 6xyv.
struct Cubic {
  torch::Tensor x = torch::tensor({1.0, 2.0}, kVariable);
  torch::Tensor y = torch::tensor({5.0, -1.0}, kVariable);
  TensorList v{torch::tensor({1.0, 0.5}, torch::kDouble)};
  int64_t evaluations = 0;

  Objective objective() {
    return [this] {
      ++evaluations;
      return (x.pow(3) * y).sum();
    };
  }
  torch::Tensor gradient() const { return (3.0 * x.square() * y).detach(); }
  torch::Tensor mixed() const { return (3.0 * x.square() * v[0]).detach(); }
  torch::Tensor hessian() const { return (6.0 * x * y * v[0]).detach(); }
};

TEST(LocalDerivatives, AllExactOnesComeFromOneEvaluation) {
  Cubic f;
  const auto exact = make_second_derivative(SecondOrderApproximation::kExact, 0.0);
  const auto here = exact->at(f.objective(), {f.x});
  EXPECT_EQ(f.evaluations, 0);
  EXPECT_TRUE(here->gradient(true)[0].equal(f.gradient()));
  EXPECT_FALSE(here->gradient(true)[0].requires_grad());
  EXPECT_EQ(here->value().item<double>(), 1.0 * 5.0 - 8.0);
  for (int64_t k = 1; k <= 3; ++k) {
    const auto products = here->product(f.v, {f.y, f.x});
    EXPECT_TRUE(products[0].equal(f.mixed()));
    EXPECT_TRUE(products[1].equal(f.hessian()));
    EXPECT_EQ(here->passes(), 1 + 2 * k);
  }
  EXPECT_EQ(f.evaluations, 1);
}

TEST(LocalDerivatives, EvaluateAnewWhatWasNotToBeKeptOrIsForgotten) {
  Cubic f;
  const auto exact = make_second_derivative(SecondOrderApproximation::kExact, 0.0);
  const auto here = exact->at(f.objective(), {f.x});
  EXPECT_TRUE(here->gradient(false)[0].equal(f.gradient()));
  EXPECT_TRUE(here->product(f.v, {f.y})[0].equal(f.mixed()));
  EXPECT_EQ(f.evaluations, 2);
  here->forget();
  EXPECT_TRUE(here->product(f.v, {f.y})[0].equal(f.mixed()));
  EXPECT_EQ(f.evaluations, 3);
  EXPECT_EQ(here->passes(), 1 + 3 + 3);
}

// A kept graph reads the leaf itself, so the leaf has to hold the values of the point again.
TEST(LocalDerivatives, AreThoseOfTheirPointWhateverTheVariablesHeldMeanwhile) {
  Cubic f;
  const auto exact = make_second_derivative(SecondOrderApproximation::kExact, 0.0);
  const auto there = torch::tensor({3.0, -4.0}, torch::kDouble);
  std::unique_ptr<LocalDerivatives> derivatives;
  torch::Tensor mixed;
  {
    const ScopedValues moved({f.x}, {there});
    derivatives = exact->at(f.objective(), {f.x});
    derivatives->gradient(true);
    mixed = f.mixed();
  }
  const auto here = exact->at(f.objective(), {f.x});
  EXPECT_TRUE(here->product(f.v, {f.y})[0].equal(f.mixed()));
  {
    const ScopedValues moved({f.x}, {there});
    EXPECT_TRUE(derivatives->product(f.v, {f.y})[0].equal(mixed));
  }
  EXPECT_EQ(f.evaluations, 2);
}

TEST(LocalDerivatives, DifferencesTakeTheirPassesForEachProduct) {
  Cubic f;
  const auto differences =
      make_second_derivative(SecondOrderApproximation::kFiniteDifference, 1e-4);
  const auto here = differences->at(f.objective(), {f.x});
  EXPECT_TRUE(here->gradient(true)[0].equal(f.gradient()));
  EXPECT_TRUE(torch::allclose(here->product(f.v, {f.y})[0], f.mixed(), 1e-7));
  EXPECT_EQ(here->passes(), 1 + 2);
  EXPECT_EQ(f.evaluations, here->passes());
}

TEST(LocalDerivatives, DifferencesKeepNothingForTheVariablesThatTheyMove) {
  Cubic f;
  std::vector<bool> recorded;
  const Objective watched = [&] {
    recorded.push_back(f.x.requires_grad());
    return f.objective()();
  };
  const auto differences =
      make_second_derivative(SecondOrderApproximation::kFiniteDifference, 1e-4);
  differences->product(watched, {f.x}, f.v, {f.y});
  EXPECT_EQ(recorded, (std::vector{false, false}));
  const auto hessian = differences->product(watched, {f.x}, f.v, {f.x, f.y});
  EXPECT_EQ(recorded, (std::vector{false, false, true, true}));
  EXPECT_TRUE(torch::allclose(hessian[0], f.hessian(), 1e-6));
  EXPECT_TRUE(f.x.requires_grad());
}

TEST(SecondDerivative, AZeroVectorGivesExactZerosWithoutAPass) {
  const auto x = torch::ones({2}, torch::kDouble).requires_grad_(true);
  int64_t evaluations = 0;
  const Objective f = [&] {
    ++evaluations;
    return x.pow(3).sum();
  };
  for (const auto approximation :
       {SecondOrderApproximation::kExact, SecondOrderApproximation::kFiniteDifference}) {
    const auto product = make_second_derivative(approximation, 0.01)
                             ->product(f, {x}, {torch::zeros({2}, torch::kDouble)}, {x});
    EXPECT_TRUE(product[0].equal(torch::zeros({2}, torch::kDouble)));
  }
  EXPECT_EQ(evaluations, 0);
}

TEST(SecondDerivative, OfWhatIsLinearOrUnusedIsZero) {
  const auto x = torch::ones({2}, torch::kDouble).requires_grad_(true);
  const auto y = torch::ones({2}, torch::kDouble).requires_grad_(true);
  const auto unused = torch::ones({1}, torch::kDouble).requires_grad_(true);
  const auto exact = make_second_derivative(SecondOrderApproximation::kExact, 0.0);
  const TensorList v{torch::tensor({1.0, 2.0}, torch::kDouble)};
  const Objective linear = [&] { return 3.0 * x.sum() + y.pow(2).sum(); };
  EXPECT_EQ(norm(exact->product(linear, {x}, v, {y, unused})), 0.0);
  // ∂/∂y ⟨y², v⟩ = 2 y v; the second variable has no slope, its part of the vector meets nothing.
  const Objective mixed = [&] { return (x * y.pow(2)).sum() + unused.sum(); };
  const auto product =
      exact->product(mixed, {x, unused}, {v[0], torch::ones({1}, torch::kDouble)}, {y});
  EXPECT_TRUE(product[0].equal(2.0 * v[0]));
}

// X' = X − ξ∇F is made of one evaluation, and so is what is pulled back through it.
TEST(GradientStage, EvaluatesOnceForAStepAndItsWayBack) {
  Cubic f;
  const auto exact = make_second_derivative(SecondOrderApproximation::kExact, 0.0);
  GradientStage stage(f.objective(), {f.x}, {{.step_size = 0.25}}, *exact);
  EXPECT_TRUE(stage.run()[0].equal((f.x - 0.25 * f.gradient()).detach()));
  EXPECT_EQ(stage.value().item<double>(), -3.0);
  for (int k = 0; k < 2; ++k) {
    EXPECT_TRUE(stage.pull_back(f.v, {f.y})[0].equal(-0.25 * f.mixed()));
  }
  EXPECT_EQ(f.evaluations, 1);
  EXPECT_EQ(stage.passes(), 1 + 2 + 2);
}

TEST(GradientStage, PullsBackThroughStepsThatWereMadeElsewhere) {
  Cubic f;
  const auto exact = make_second_derivative(SecondOrderApproximation::kExact, 0.0);
  GradientStage stage(f.objective(), {f.x}, {{.step_size = 0.25}}, *exact);
  const auto expected = -0.25 * f.mixed();
  const ScopedValues elsewhere({f.x}, {torch::tensor({7.0, 7.0}, torch::kDouble)});
  EXPECT_TRUE(stage.pull_back(f.v, {f.y})[0].equal(expected));
  EXPECT_EQ(stage.passes(), 3);
}

TEST(GradientStage, NothingFlowsThroughNoStepOrFromNothing) {
  Cubic f;
  const auto exact = make_second_derivative(SecondOrderApproximation::kExact, 0.0);
  GradientStage still(f.objective(), {f.x}, {{.step_size = 0.25}, 0}, *exact);
  EXPECT_TRUE(still.run()[0].equal(f.x));
  EXPECT_FALSE(still.value().defined());
  EXPECT_EQ(norm(still.pull_back(f.v, {f.y})), 0.0);
  GradientStage stage(f.objective(), {f.x}, {{.step_size = 0.25}}, *exact);
  EXPECT_EQ(norm(stage.pull_back({}, {f.y})), 0.0);
  EXPECT_EQ(f.evaluations, 0);
}

}  // namespace
}  // namespace sanas
