// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/hypergradient.h"

#include <gtest/gtest.h>

#include "search/toy_problem.h"

namespace sanas {
namespace {

/// One column of the table of method §3.4.
struct ToyColumn {
  const char* name;
  AttackLoss loss;
  bool detach_target;
  double attack_loss, delta_sum;
  std::vector<double> delta_row;
  double train2, weights2_sum, validation2;
  double direct2, weights2, delta_direct, delta_weights1, total;
  /// All products by differences, I1 and I4 by pairs of their own.
  double total_by_differences;
};

const std::vector<ToyColumn>& columns() {
  static const std::vector<ToyColumn> all{
      {"soft",
       AttackLoss::kSoft,
       false,
       2.641436983369,
       0.057014601349,
       {0.0817269743871, 0.0244533590726, -0.0443210531081, -0.0922505814764},
       3.303867727803,
       0.645959558193,
       1.179043159233,
       0.00221356729044,
       -7.07752184676e-06,
       -1.45748035578e-04,
       7.11185417344e-07,
       0.0190360307270,
       0.019035868924},
      {"soft_detached",
       AttackLoss::kSoft,
       true,
       2.641436983369,
       0.057014601349,
       {0.0817269743871, 0.0244533590726, -0.0443210531081, -0.0922505814764},
       3.303867727803,
       0.645959558193,
       1.179043159233,
       0.00221356729044,
       -7.07752184676e-06,
       -2.8335306902e-04,
       -1.57278230440e-05,
       0.0188819866851,
       0.0188818264518},
      {"label",
       AttackLoss::kLabel,
       false,
       1.727726075304,
       0.100824271906,
       {0.0590244328385, 0.0212345509904, -0.0265422719876, -0.0618358497153},
       3.283423831901,
       0.645971042283,
       1.184925061374,
       0.00286663357818,
       -1.84834231049e-06,
       1.58369645614e-03,
       -8.15634594228e-05,
       0.0213414960411,
       0.021341332964}};
  return all;
}

class Toy : public testing::TestWithParam<ToyColumn> {
 protected:
  Toy() : toy_({.loss = GetParam().loss, .detach_target = GetParam().detach_target}) {}

  Hypergradient compute(const HypergradientOptions& options, bool split_terms = true) {
    return four_level_hypergradient(toy_.problem(), toy_.step1(), toy_.step2(), options,
                                    split_terms);
  }

  ToyProblem toy_;
};

/// Absolute tolerance of 1e-9, and of the digits given for the small terms.
void expect_first(const TensorList& actual, double expected) {
  EXPECT_NEAR(actual.front()[0].item<double>(), expected,
              1e-9 * std::max(1e-3, std::abs(expected)));
  EXPECT_NEAR(actual.front()[1].item<double>(), -expected,
              1e-9 * std::max(1e-3, std::abs(expected)));
}

TEST_P(Toy, ForwardQuantitiesAreThoseOfTheTable) {
  const auto& expected = GetParam();
  const auto h = compute(toy_.options(SecondOrderApproximation::kExact));
  EXPECT_NEAR(h.train1_loss, 0.606060591613, 1e-9);
  EXPECT_NEAR(h.updated_weights1[0].sum().item<double>(), 0.938359001127, 1e-9);
  const std::vector<double> row{0.512685315643, 0.384246759467, 0.0750909482922, -0.269381309192};
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(h.updated_weights1[0][0][i].item<double>(), row[static_cast<size_t>(i)], 1e-9);
    EXPECT_NEAR(h.updated_delta[0][i].item<double>(), expected.delta_row[static_cast<size_t>(i)],
                1e-9);
  }
  EXPECT_NEAR(h.attack_loss, expected.attack_loss, 1e-9);
  EXPECT_NEAR(h.updated_delta.sum().item<double>(), expected.delta_sum, 1e-9);
  EXPECT_NEAR(h.train2_loss, expected.train2, 1e-9);
  EXPECT_NEAR(h.updated_weights2[0].sum().item<double>(), expected.weights2_sum, 1e-9);
  EXPECT_NEAR(h.validation1_loss, 1.371654886692, 1e-9);
  EXPECT_NEAR(h.validation2_loss, expected.validation2, 1e-9);
}

TEST_P(Toy, ExactTermsAreThoseOfTheTable) {
  const auto& expected = GetParam();
  const auto h = compute(toy_.options(SecondOrderApproximation::kExact));
  expect_first(h.terms[Term::kDirect1], 0.0299694562476);
  expect_first(h.terms[Term::kDirect2], expected.direct2);
  expect_first(h.terms[Term::kWeights1], 0.0039796993695);
  expect_first(h.terms[Term::kWeights2], expected.weights2);
  expect_first(h.terms[Term::kDeltaDirect], expected.delta_direct);
  expect_first(h.terms[Term::kDeltaWeights1], expected.delta_weights1);
  expect_first(h.total, expected.total);
}

TEST_P(Toy, DifferencesGiveTheLastRowOfTheTable) {
  const auto h = compute(toy_.options(SecondOrderApproximation::kFiniteDifference));
  expect_first(h.total, GetParam().total_by_differences);
}

TEST_P(Toy, SharedPassesChangeNothingInExactArithmetic) {
  auto options = toy_.options(SecondOrderApproximation::kExact);
  options.shared_passes = true;
  const auto h = compute(options);
  expect_first(h.total, GetParam().total);
  EXPECT_EQ(compute(options, false).total[0].equal(h.total[0]), true);
}

TEST_P(Toy, FourthOrderDifferencesComeCloserThanSecondOrder) {
  const auto error = [&](SecondOrderApproximation approximation) {
    return std::abs(compute(toy_.options(approximation)).total[0][0].item<double>() -
                    GetParam().total);
  };
  EXPECT_LT(error(SecondOrderApproximation::kCentral4),
            0.01 * error(SecondOrderApproximation::kFiniteDifference));
}

TEST_P(Toy, EverythingComesBackBitForBit) {
  const TensorList tensors{toy_.w1, toy_.w2, toy_.a, toy_.delta};
  const auto before = clone(tensors);
  for (const auto approximation :
       {SecondOrderApproximation::kExact, SecondOrderApproximation::kFiniteDifference}) {
    compute(toy_.options(approximation));
    for (size_t i = 0; i < tensors.size(); ++i) {
      EXPECT_TRUE(tensors[i].equal(before[i]));
    }
  }
}

TEST_P(Toy, SwitchedOffTermsAreLeftOutOfTheTotal) {
  const auto whole = compute(toy_.options(SecondOrderApproximation::kExact));
  for (const Term term : kTerms) {
    auto options = toy_.options(SecondOrderApproximation::kExact);
    options.terms[term] = false;
    const auto h = compute(options);
    const double gone = (whole.total[0][0] - h.total[0][0]).item<double>();
    const double expected = whole.terms[term][0][0].item<double>();
    EXPECT_NEAR(gone, is_of_validation1(term) ? 0.5 * expected : expected, 1e-15) << symbol(term);
  }
}

TEST_P(Toy, CountsThePassesOfTheScheme) {
  auto options = toy_.options(SecondOrderApproximation::kFiniteDifference);
  EXPECT_EQ(compute(options).passes, 5 + 8);  // method §3.2 with pairs of their own for I1 and I4
  options.shared_passes = true;
  EXPECT_EQ(compute(options, false).passes, 11);
}

// Eq. 2 and both trainings have kept the graph of their gradient: each product is the two passes
// back through it.
TEST_P(Toy, ExactProductsGoBackThroughTheGraphsOfTheWayForward) {
  auto options = toy_.options(SecondOrderApproximation::kExact);
  options.shared_passes = true;
  const auto h = compute(options);
  EXPECT_EQ(h.passes, 5 + 3 * 2);
  EXPECT_EQ(h.split_passes, 2 * 2);
}

INSTANTIATE_TEST_SUITE_P(Losses, Toy, testing::ValuesIn(columns()),
                         [](const auto& info) { return std::string(info.param.name); });

/// O(A) by actually making the updates, differentiated by central differences: knows nothing of the
/// chain. For several inner steps, momentum and weight decay.
class Brute : public testing::TestWithParam<bool> {
 protected:
  double objective(const torch::Tensor& a) {
    const ScopedValues at({toy_.a}, {a});
    const auto p = toy_.problem();
    const auto descend = [](const Objective& f, const torch::Tensor& x, const VirtualStep& step,
                            int64_t count) {
      torch::Tensor value = x.detach();
      torch::Tensor buffer = torch::full_like(value, 0.05);
      for (int64_t k = 0; k < count; ++k) {
        const ScopedValues here({x}, {value});
        const auto gradient = gradients_of(f(), {x})[0] + step.weight_decay * value;
        buffer = step.momentum * buffer + gradient;
        value =
            value - step.step_size * (step.nesterov ? gradient + step.momentum * buffer : buffer);
      }
      return value;
    };
    const ScopedValues w1({toy_.w1}, {descend(p.train1, toy_.w1, step1_, 2)});
    const ScopedValues delta(
        {toy_.delta},
        {descend(p.attack, toy_.delta, {.step_size = -0.2, .momentum_buffers = {}}, 3)});
    const ScopedValues w2({toy_.w2}, {descend(p.train2, toy_.w2, step2_, 2)});
    return (p.validation2() + 0.5 * p.validation1()).item<double>();
  }

  ToyProblem toy_{AttackOptions{}};
  VirtualStep step1_{0.1, 0.9, 0.01, {torch::full({3, 4}, 0.05, torch::kDouble)}};
  VirtualStep step2_{0.3, 0.8, 0.02, {torch::full({3, 4}, 0.05, torch::kDouble)}};
};

TEST_P(Brute, SeveralStepsWithMomentumAndWeightDecay) {
  step1_.nesterov = step2_.nesterov = GetParam();
  auto options = toy_.options(SecondOrderApproximation::kExact);
  options.inner_steps = {2, 3, 2};
  const auto h = four_level_hypergradient(toy_.problem(), step1_, step2_, options, false);
  constexpr double kStep = 1e-5;
  for (int64_t i = 0; i < 2; ++i) {
    auto plus = toy_.a.detach().clone();
    auto minus = toy_.a.detach().clone();
    plus[i] += kStep;
    minus[i] -= kStep;
    const double slope = (objective(plus) - objective(minus)) / (2.0 * kStep);
    EXPECT_NEAR(h.total[0][i].item<double>(), slope, 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Momentum, Brute, testing::Bool(),
                         [](const auto& info) { return info.param ? "nesterov" : "classical"; });

/// Identity whose graph holds a token, so that it shows how long the graph lives.
struct TokenHolder : torch::autograd::Function<TokenHolder> {
  struct Token : torch::CustomClassHolder {};
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const c10::intrusive_ptr<Token>& token) {
    context->saved_data["token"] = c10::IValue::make_capsule(token);
    return x.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* /*context*/,
                                                 torch::autograd::variable_list gradients) {
    return {gradients[0], torch::Tensor()};
  }
};

/// Counts the evaluations of the levels of a toy whose attack is not eq. 2, and looks from the
/// attack's objective, which stage II evaluates after stage III, at the graph of stage III.
struct WatchedToy {
  ToyProblem toy{AttackOptions{}};
  int64_t train1 = 0;
  int64_t attack = 0;
  int64_t train2 = 0;
  c10::weak_intrusive_ptr<TokenHolder::Token> token{c10::intrusive_ptr<TokenHolder::Token>()};
  bool lived_in_validation = false;
  bool lived_in_attack = false;

  FourLevelProblem problem() {
    FourLevelProblem p = toy.problem();
    const auto counted = [](Objective f, int64_t& count) {
      return [f = std::move(f), &count] {
        ++count;
        return f();
      };
    };
    p.train1 = counted(p.train1, train1);
    p.attack = counted(p.attack, attack);
    p.train2 = counted(p.train2, train2);
    p.train2 = [this, f = p.train2] {
      const auto held = c10::make_intrusive<TokenHolder::Token>();
      token = held;
      return TokenHolder::apply(f(), held).square();  // whose derivative needs what it is of
    };
    p.validation2 = [this, f = p.validation2] {
      lived_in_validation = !token.expired();
      return f();
    };
    p.attack = [this, f = p.attack] {
      lived_in_attack = !token.expired();
      return f();
    };
    p.perturb = [this] { return toy.delta.detach() + 0.01; };
    p.perturb_passes = 7;
    return p;
  }
};

TEST(PassesOfProducts, AnAttackThatIsNotEquation2IsEvaluatedForItsProduct) {
  WatchedToy watched;
  auto options = watched.toy.options(SecondOrderApproximation::kExact);
  options.shared_passes = true;
  const auto h = four_level_hypergradient(watched.problem(), watched.toy.step1(),
                                          watched.toy.step2(), options, false);
  EXPECT_EQ(watched.train1, 1);
  EXPECT_EQ(watched.attack, 1);
  EXPECT_EQ(watched.train2, 1);
  EXPECT_EQ(h.passes, 7 + 2 + 2 + 2 + 3 + 2) << "attack, W1' and W2', V twice, three products";
}

TEST(PassesOfProducts, AGraphIsKeptUntilItIsPulledBackThrough) {
  WatchedToy watched;
  four_level_hypergradient(watched.problem(), watched.toy.step1(), watched.toy.step2(),
                           watched.toy.options(SecondOrderApproximation::kExact), false);
  EXPECT_TRUE(watched.lived_in_validation);
  EXPECT_FALSE(watched.lived_in_attack);
}

TEST(PassesOfProducts, NoGraphIsKeptForDifferencesOrForWhatIsSwitchedOff) {
  WatchedToy watched;
  const auto differences = watched.toy.options(SecondOrderApproximation::kFiniteDifference);
  four_level_hypergradient(watched.problem(), watched.toy.step1(), watched.toy.step2(), differences,
                           false);
  EXPECT_FALSE(watched.lived_in_validation);
  auto direct = watched.toy.options(SecondOrderApproximation::kExact);
  direct.terms = PerTerm<bool>(false);
  direct.terms[Term::kDirect2] = true;
  const auto h = four_level_hypergradient(watched.problem(), watched.toy.step1(),
                                          watched.toy.step2(), direct, false);
  EXPECT_FALSE(watched.lived_in_validation);
  EXPECT_EQ(h.passes, 7 + 2 + 2);
}

// darts-family §3: L_val = αw − 2α + 1, L_train = w² − 2αw + α² at (α, w) = (2, −2): −4 in first
// order and +2 with ξ = 0.5.
TEST(Bilevel, ClosedFormOfDarts) {
  const auto alpha = torch::tensor({2.0}, torch::kDouble).requires_grad_(true);
  const auto w = torch::tensor({-2.0}, torch::kDouble).requires_grad_(true);
  BilevelProblem problem;
  problem.architecture = {alpha};
  problem.weights = {w};
  problem.train = [&] { return (w * w - 2 * alpha * w + alpha * alpha).sum(); };
  problem.validation = [&] { return (alpha * w - 2 * alpha + 1).sum(); };
  HypergradientOptions options;
  options.order = HypergradientOrder::kFirst;
  EXPECT_DOUBLE_EQ(bilevel_hypergradient(problem, {}, options).total[0].item<double>(), -4.0);
  options.order = HypergradientOrder::kSecond;
  for (const auto approximation :
       {SecondOrderApproximation::kExact, SecondOrderApproximation::kFiniteDifference,
        SecondOrderApproximation::kCentral4}) {
    options.approximation = approximation;
    const auto h =
        bilevel_hypergradient(problem, {.step_size = 0.5, .momentum_buffers = {}}, options);
    EXPECT_NEAR(h.total[0].item<double>(), 2.0, 1e-12);
  }
}

}  // namespace
}  // namespace sanas
