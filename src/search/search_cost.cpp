// SPDX-License-Identifier: Apache-2.0
#include "search/search_cost.h"

#include <memory>

#include "sanas/search/second_derivative.h"

namespace sanas {
namespace {

/// What carries vectors back through the levels.
class WayBack {
 public:
  explicit WayBack(const HypergradientOptions& options)
      : options_(options),
        product_(make_second_derivative(options.approximation, options.finite_difference_radius)) {}

  /// Through the training of a network in `steps` steps.
  void add_training(int64_t steps, int64_t vectors = 1) {
    if (options_.implicit == ImplicitDerivative::kUnrolled) {
      add_steps(steps, vectors);
    } else if (steps > 0) {
      add_new_point(vectors);
    }
  }
  /// Through steps whose gradients were taken on the way forward.
  void add_steps(int64_t steps, int64_t vectors = 1) {
    passes_ += steps * vectors * product_->passes(/*behind_gradient=*/true);
  }
  /// Through a point at which no gradient was taken before.
  void add_new_point(int64_t vectors = 1) {
    if (vectors > 0) {
      passes_ += product_->passes(false) + (vectors - 1) * product_->passes(true);
    }
  }
  int64_t passes() const { return passes_; }

 private:
  const HypergradientOptions& options_;
  std::unique_ptr<SecondDerivative> product_;
  int64_t passes_ = 0;
};

/// One architecture step on one network (darts-family §3).
int64_t plain_step(const HypergradientOptions& options) {
  if (options.order == HypergradientOrder::kFirst) {
    return 1;
  }
  const int64_t steps = options.inner_steps.weights1;
  WayBack back(options);
  back.add_training(steps, options.terms[Term::kWeights1] ? 1 : 0);
  return steps + 1 + back.passes();
}

/// One step of the four-level hypergradient (method §3.2).
/// @param attacks whether saliency comes in. @param trains1 whether W1 is trained.
int64_t sanas_step(const SearchOptions& search, bool attacks, bool trains1) {
  const HypergradientOptions& options = search.hypergradient;
  const int64_t validations = trains1 ? 2 : 1;
  if (options.order == HypergradientOrder::kFirst) {
    return validations;
  }
  const auto& terms = options.terms;
  const int64_t steps1 = trains1 ? options.inner_steps.weights1 : 0;
  const int64_t steps2 = options.inner_steps.weights2;
  const int64_t attack = attacks ? attack_of(search).passes() : 0;
  const bool through_delta =
      attacks && trains1 && (terms[Term::kDeltaDirect] || terms[Term::kDeltaWeights1]);
  const bool delta_weights1 = through_delta && terms[Term::kDeltaWeights1];
  const bool weights1 = terms[Term::kWeights1] && options.gamma > 0.0;

  WayBack back(options);
  if (terms[Term::kWeights2] || through_delta) {
    back.add_training(steps2);
  }
  if (through_delta && search.attack.is_differentiated()) {
    back.add_steps(search.attack.steps);
  } else if (through_delta && search.attack.steps > 0) {
    back.add_new_point();
  } else if (through_delta) {
    back.add_steps(options.inner_steps.delta);
  }
  const int64_t vectors = options.shared_passes
                              ? (weights1 || delta_weights1 ? 1 : 0)
                              : (terms[Term::kWeights1] ? 1 : 0) + (delta_weights1 ? 1 : 0);
  back.add_training(steps1, vectors);
  const int64_t attack_on_weights1 = search.adversarial_weights1 ? attack : 0;
  return attack_on_weights1 + steps1 + attack + steps2 + validations + back.passes();
}

}  // namespace

UpdateCost update_cost(const SearchOptions& options, int64_t epoch) {
  const bool sanas = options.method == SearchMethod::kSanas;
  const bool first_half = epoch < options.epochs / 2;
  const bool trains1 = !options.sequential_stages || first_half;
  const bool trains2 = sanas && !(options.sequential_stages && first_half);
  const bool attacks = sanas && epoch >= options.attack_start_epoch;
  const int64_t attack = attacks ? attack_of(options).passes() : 0;
  UpdateCost cost;
  if (trains1) {
    cost.weights1 = 1 + (options.adversarial_weights1 ? attack : 0);
  }
  if (trains2) {
    cost.weights2 = 1 + attack;
  }
  if (epoch >= options.architecture.start_epoch) {
    cost.architecture =
        options.architecture.steps *
        (trains2 ? sanas_step(options, attacks, trains1) : plain_step(options.hypergradient));
  }
  return cost;
}

double passes_per_batch(const SearchOptions& options) {
  const auto every = [](int64_t passes, int64_t interval) {
    return static_cast<double>(passes) / static_cast<double>(interval);
  };
  double sum = 0.0;
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    const UpdateCost cost = update_cost(options, epoch);
    sum += every(cost.weights1, options.update_every.weights1) +
           every(cost.weights2, options.update_every.weights2) +
           every(cost.architecture, options.update_every.architecture);
  }
  return sum / static_cast<double>(options.epochs);
}

int64_t architecture_updates(const SearchOptions& options, int64_t steps_per_epoch, int64_t step) {
  int64_t count = 0;
  for (int64_t s = options.architecture.start_epoch * steps_per_epoch; s < step; ++s) {
    count += options.update_every.updates_architecture(s) ? options.architecture.steps : 0;
  }
  return count;
}

}  // namespace sanas
