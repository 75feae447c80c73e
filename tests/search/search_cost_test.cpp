// SPDX-License-Identifier: Apache-2.0
// What a search is said to cost against the forward passes that are really made.
#include "search/search_cost.h"

#include <gtest/gtest.h>

#include <functional>

#include "sanas/supernet/darts_supernet.h"
#include "search/tiny_search.h"

namespace sanas {
namespace {

int64_t forward_passes = 0;

class CountedSupernet : public DartsSupernet {
 public:
  using DartsSupernet::DartsSupernet;
  torch::Tensor forward(const torch::Tensor& x, const ArchitectureSample& sample) override {
    ++forward_passes;
    return DartsSupernet::forward(x, sample);
  }
};

const bool added_family = [] {
  add_supernet_family({"counted", "darts", /*edge_weights=*/false,
                       [](const SupernetChoice& choice, const SearchSpace& space,
                          std::shared_ptr<ArchParameters> architecture) {
                         return std::make_shared<CountedSupernet>(space, std::move(architecture),
                                                                  choice.options);
                       }});
  return true;
}();

/// Products with a vector in an architecture update: pairs of passes where differences take them,
/// so that four points cost one more pair each.
int64_t products_of_update(SearchOptions options, int64_t epoch) {
  const auto cost = [&](SecondOrderApproximation approximation) {
    options.hypergradient.approximation = approximation;
    return update_cost(options, epoch).architecture;
  };
  return (cost(SecondOrderApproximation::kCentral4) -
          cost(SecondOrderApproximation::kFiniteDifference)) /
         2;
}

/// Compares what a step reports, what was predicted, and the forward passes since the last one. The
/// second backward pass of an exact product is two passes without one.
class Accountant : public SearchObserver {
 public:
  explicit Accountant(const SearchOptions& options) : options_(options) { forward_passes = 0; }

  void on_step(const StepReport& report) override {
    const UpdateCost cost = update_cost(options_, report.epoch);
    int64_t said = 0;
    const auto check = [&](const auto& update, int64_t predicted) {
      if (update) {
        EXPECT_EQ(update->passes, predicted) << "step " << report.step;
        said += update->passes;
      }
    };
    check(report.weights1, cost.weights1);
    check(report.weights2, cost.weights2);
    check(report.architecture, cost.architecture);
    const bool is_exact = options_.hypergradient.approximation == SecondOrderApproximation::kExact;
    if (is_exact && report.architecture) {
      said -= 2 * products_of_update(options_, report.epoch);
    }
    if (!report.reported) {  // a report looks at δ' once more
      EXPECT_EQ(forward_passes, said) << "step " << report.step;
      ++checked;
    }
    forward_passes = 0;
  }

  int64_t checked = 0;

 private:
  SearchOptions options_;
};

using Change = std::function<void(SearchOptions&)>;

struct CostCase {
  const char* name;
  Change change;
};

class SearchCost : public testing::TestWithParam<CostCase> {
 protected:
  /// 4 mini-batches of 2 epochs of 3, by differences, where each evaluation is one forward pass,
  /// with an attack on the label, which has no clean prediction to make.
  SearchCost() {
    options_.epochs = 2;
    options_.max_steps = 4;
    options_.report_every = 100;  // the first two steps only
    options_.validate_every = 0;
    options_.update_every = {1, 2, 1};
    options_.hypergradient.approximation = SecondOrderApproximation::kFiniteDifference;
    options_.attack.steps = 2;
    options_.attack.loss = AttackLoss::kLabel;
    GetParam().change(options_);
  }
  SearchOptions options_;
};

TEST_P(SearchCost, IsThatOfThePassesMade) {
  TinySearch search(options_, "counted");
  Accountant accountant(options_);
  search.loop.add_observer(accountant);
  search.loop.run();
  EXPECT_EQ(accountant.checked, 2) << "the last step of the first epoch and one of the second";
}

TEST_P(SearchCost, OfExactProductsIsThatOfThePassesMade) {
  options_.hypergradient.approximation = SecondOrderApproximation::kExact;
  TinySearch search(options_, "counted");
  Accountant accountant(options_);
  search.loop.add_observer(accountant);
  search.loop.run();
  EXPECT_EQ(accountant.checked, 2);
}

HypergradientOptions& of(SearchOptions& options) { return options.hypergradient; }

INSTANTIATE_TEST_SUITE_P(
    Settings, SearchCost,
    testing::Values(
        CostCase{"sanas", [](auto&) {}},
        CostCase{"first_order", [](auto& o) { of(o).order = HypergradientOrder::kFirst; }},
        CostCase{"plain", [](auto& o) { o.method = SearchMethod::kPlain; }},
        CostCase{"plain_two_steps",
                 [](auto& o) {
                   o.method = SearchMethod::kPlain;
                   of(o).inner_steps.weights1 = 2;
                 }},
        CostCase{"derivative_of_the_attack",
                 [](auto& o) {
                   o.attack.norm = AttackNorm::kL2;
                   o.attack.jacobian = AttackJacobian::kExact;
                 }},
        CostCase{"two_architecture_steps", [](auto& o) { o.architecture.steps = 2; }},
        CostCase{"adversarial", [](auto& o) { o.adversarial_weights1 = true; }},
        CostCase{"adversarial_first_order",
                 [](auto& o) {
                   o.adversarial_weights1 = true;
                   of(o).order = HypergradientOrder::kFirst;
                 }},
        CostCase{"sequential", [](auto& o) { o.sequential_stages = true; }},
        CostCase{"attack_from_the_second_epoch", [](auto& o) { o.attack_start_epoch = 1; }},
        CostCase{"architecture_from_the_second_epoch",
                 [](auto& o) { o.architecture.start_epoch = 1; }},
        CostCase{"equation_2",
                 [](auto& o) {
                   o.attack.steps = 0;
                   of(o).inner_steps = {2, 3, 2};
                   of(o).delta_step_size = 0.5;
                 }},
        CostCase{"identity",
                 [](auto& o) {
                   of(o).implicit = ImplicitDerivative::kIdentity;
                   of(o).inner_steps.weights2 = 2;
                 }},
        CostCase{"no_saliency_path",
                 [](auto& o) {
                   of(o).terms[Term::kDeltaDirect] = of(o).terms[Term::kDeltaWeights1] = false;
                 }},
        CostCase{"no_path_through_weights2", [](auto& o) { of(o).terms[Term::kWeights2] = false; }},
        CostCase{"direct_terms",
                 [](auto& o) {
                   of(o).terms = PerTerm<bool>(false);
                   of(o).terms[Term::kDirect1] = of(o).terms[Term::kDirect2] = true;
                 }},
        CostCase{"four_points",
                 [](auto& o) { of(o).approximation = SecondOrderApproximation::kCentral4; }}),
    [](const auto& info) { return std::string(info.param.name); });

// Method §3.2: W1' 1, PGD 7, W2' 1, the validation losses 2, three products 6.
TEST(PassesPerBatch, OfThePaper) {
  SearchOptions options;
  options.hypergradient.approximation = SecondOrderApproximation::kFiniteDifference;
  EXPECT_EQ(update_cost(options, 0).architecture, 17);
  EXPECT_DOUBLE_EQ(passes_per_batch(options), 1.0 + 8.0 / 3.0 + 17.0 / 5.0);
  // Three second backward passes of two each, behind the two trainings and an attack of its own.
  options.hypergradient.approximation = SecondOrderApproximation::kExact;
  EXPECT_EQ(update_cost(options, 0).architecture, 11 + 1 + 3 * 2);
  options.hypergradient.approximation = SecondOrderApproximation::kFiniteDifference;
  options.architecture.start_epoch = 10;  // of 50
  EXPECT_DOUBLE_EQ(passes_per_batch(options), 1.0 + 8.0 / 3.0 + 0.8 * 17.0 / 5.0);
}

TEST(ArchitectureUpdates, AreCountedFromTheStartEpochOn) {
  SearchOptions options;
  options.update_every.architecture = 5;
  EXPECT_EQ(architecture_updates(options, 3, 0), 0);
  EXPECT_EQ(architecture_updates(options, 3, 1), 1);   // step 0
  EXPECT_EQ(architecture_updates(options, 3, 11), 3);  // steps 0, 5, 10
  options.architecture.start_epoch = 2;                // step 6
  EXPECT_EQ(architecture_updates(options, 3, 11), 1);  // step 10
}

}  // namespace
}  // namespace sanas
