// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/hypergradient.h"

namespace sanas {
namespace {

/// Counts the evaluations of an objective, each of which is followed by one backward pass.
Objective counted(const Objective& objective, int64_t& passes) {
  return [&objective, &passes] {
    ++passes;
    return objective();
  };
}

/// Counts what a product takes beyond the evaluations of its objective: a double backward.
class CountedProduct : public SecondDerivative {
 public:
  CountedProduct(const HypergradientOptions& options, int64_t& passes)
      : product_(make_second_derivative(options.approximation, options.finite_difference_radius)),
        passes_(passes) {}

  TensorList product(const Objective& f, const TensorList& x, const TensorList& v,
                     const TensorList& y) const override {
    const int64_t before = passes_;
    TensorList result = product_->product(f, x, v, y);
    if (passes_ > before) {  // differences take no pass where v is zero
      passes_ = before + passes();
    }
    return result;
  }

  int64_t passes() const override { return product_->passes(); }

 private:
  std::unique_ptr<SecondDerivative> product_;
  int64_t& passes_;
};

StageSteps stage_steps(const VirtualStep& step, int64_t count, ImplicitDerivative implicit) {
  return {.step_size = step.step_size,
          .momentum = step.momentum,
          .weight_decay = step.weight_decay,
          .nesterov = step.nesterov,
          .count = count,
          .momentum_buffers = step.momentum_buffers,
          .implicit = implicit};
}

/// Gradients of a validation loss with respect to A and to the weights.
struct ValidationGradients {
  TensorList architecture;
  TensorList weights;
  double loss;
};

/// Zeros for a loss that there is not.
ValidationGradients differentiate(const Objective& validation, const TensorList& architecture,
                                  const TensorList& weights) {
  if (!validation) {
    return {zeros_like(detach(architecture)), zeros_like(detach(weights)), 0.0};
  }
  TensorList inputs = architecture;
  inputs.insert(inputs.end(), weights.begin(), weights.end());
  const torch::Tensor loss = validation();
  const TensorList gradients = gradients_of(loss, inputs);
  const auto split = gradients.begin() + static_cast<int64_t>(architecture.size());
  return {{gradients.begin(), split}, {split, gradients.end()}, loss.item<double>()};
}

TensorList concatenate(TensorList a, const TensorList& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// The weight of a term in the sum: 1 or 0.
double on(bool enabled) { return enabled ? 1.0 : 0.0; }

}  // namespace

Hypergradient four_level_hypergradient(const FourLevelProblem& problem, const VirtualStep& step1,
                                       const VirtualStep& step2,
                                       const HypergradientOptions& options, bool split_terms) {
  Hypergradient result;
  const auto& terms = options.terms;
  const TensorList& a = problem.architecture;
  const auto validation1 =
      problem.validation1 ? counted(problem.validation1, result.passes) : Objective{};
  const auto validation2 = counted(problem.validation2, result.passes);
  const TensorList zero = zeros_like(detach(a));
  result.terms = PerTerm<TensorList>(zero);

  if (options.order == HypergradientOrder::kFirst) {
    const auto v1 = differentiate(validation1, a, {});
    const auto v2 = differentiate(validation2, a, {});
    result.terms[Term::kDirect1] = v1.architecture;
    result.terms[Term::kDirect2] = v2.architecture;
    result.validation1_loss = v1.loss;
    result.validation2_loss = v2.loss;
    result.total = add(scale(result.terms[Term::kDirect2], on(terms[Term::kDirect2])),
                       result.terms[Term::kDirect1], options.gamma * on(terms[Term::kDirect1]));
    return result;
  }

  const CountedProduct product(options, result.passes);
  const int64_t steps1 = problem.train1 ? options.inner_steps.weights1 : 0;
  GradientStage stage1(counted(problem.train1, result.passes), problem.weights1,
                       stage_steps(step1, steps1, options.implicit));
  GradientStage stage2(
      counted(problem.attack, result.passes), {problem.delta},
      stage_steps({.step_size = -options.delta_step_size},
                  problem.perturb ? 1 : options.inner_steps.delta, ImplicitDerivative::kUnrolled));
  GradientStage stage3(counted(problem.train2, result.passes), problem.weights2,
                       stage_steps(step2, options.inner_steps.weights2, options.implicit));

  result.passes += problem.perturb_passes;

  // Forward: W1' (eq. 1), Δ' (eq. 2) at W1', W2' (eq. 3) at Δ', and the validation gradients.
  result.updated_weights1 = stage1.run(&result.train1_loss);
  const ScopedValues at_weights1(problem.weights1, result.updated_weights1);
  result.updated_delta =
      problem.perturb ? problem.perturb() : stage2.run(&result.attack_loss).front();
  const ScopedValues at_delta({problem.delta}, {result.updated_delta});
  if (problem.perturb && split_terms) {
    const torch::NoGradGuard no_grad;
    result.attack_loss = problem.attack().item<double>();
  }
  result.updated_weights2 = stage3.run(&result.train2_loss);
  const auto v2 = [&] {
    const ScopedValues at_weights2(problem.weights2, result.updated_weights2);
    return differentiate(validation2, a, problem.weights2);
  }();
  const auto v1 = differentiate(validation1, a, problem.weights1);
  result.terms[Term::kDirect1] = v1.architecture;
  result.terms[Term::kDirect2] = v2.architecture;
  result.validation1_loss = v1.loss;
  result.validation2_loss = v2.loss;

  // Backward: ∂V/∂W2' through stage III to A (I2) and Δ' (q); q through stage II to A (I3) and W1'
  // (r); γ ∂V/∂W1' and r through stage I to A (I1 and I4).
  const bool through_delta = terms[Term::kDeltaDirect] || terms[Term::kDeltaWeights1];
  TensorList r = zeros_like(result.updated_weights1);
  if (terms[Term::kWeights2] || through_delta) {
    auto i2_and_q = stage3.pull_back(v2.weights, concatenate(a, {problem.delta}), product);
    const TensorList q{i2_and_q.back()};
    i2_and_q.pop_back();
    if (terms[Term::kWeights2]) {
      result.terms[Term::kWeights2] = std::move(i2_and_q);
    }
    if (through_delta) {
      const auto i3_and_r = stage2.pull_back(q, concatenate(a, problem.weights1), product);
      const auto split = i3_and_r.begin() + static_cast<int64_t>(a.size());
      if (terms[Term::kDeltaDirect]) {
        result.terms[Term::kDeltaDirect] = {i3_and_r.begin(), split};
      }
      if (terms[Term::kDeltaWeights1]) {
        r = {split, i3_and_r.end()};
      }
    }
  }
  const double weight1 = options.gamma * on(terms[Term::kWeights1]);
  TensorList through_stage1 = zero;
  if (options.shared_passes && (weight1 > 0.0 || terms[Term::kDeltaWeights1])) {
    through_stage1 = stage1.pull_back(add(r, v1.weights, weight1), a, product);
  }
  const int64_t passes_before_split = result.passes;
  if (split_terms || !options.shared_passes) {
    if (terms[Term::kWeights1]) {
      result.terms[Term::kWeights1] = stage1.pull_back(v1.weights, a, product);
    }
    if (terms[Term::kDeltaWeights1]) {
      result.terms[Term::kDeltaWeights1] = stage1.pull_back(r, a, product);
    }
  }
  if (options.shared_passes) {
    result.split_passes = result.passes - passes_before_split;
    result.passes = passes_before_split;
  } else {
    through_stage1 =
        add(result.terms[Term::kDeltaWeights1], result.terms[Term::kWeights1], weight1);
  }

  result.total = add(scale(result.terms[Term::kDirect2], on(terms[Term::kDirect2])),
                     result.terms[Term::kDirect1], options.gamma * on(terms[Term::kDirect1]));
  add_in_place(result.total, result.terms[Term::kWeights2]);
  add_in_place(result.total, result.terms[Term::kDeltaDirect]);
  add_in_place(result.total, through_stage1);
  return result;
}

Hypergradient bilevel_hypergradient(const BilevelProblem& problem, const VirtualStep& step,
                                    const HypergradientOptions& options) {
  Hypergradient result;
  const TensorList& a = problem.architecture;
  const auto validation = counted(problem.validation, result.passes);
  result.terms = PerTerm<TensorList>(zeros_like(detach(a)));
  if (options.order == HypergradientOrder::kFirst) {
    const auto v = differentiate(validation, a, {});
    result.terms[Term::kDirect1] = v.architecture;
    result.total = scale(result.terms[Term::kDirect1], on(options.terms[Term::kDirect1]));
    result.validation1_loss = v.loss;
    return result;
  }
  const CountedProduct product(options, result.passes);
  GradientStage stage(counted(problem.train, result.passes), problem.weights,
                      stage_steps(step, options.inner_steps.weights1, options.implicit));
  result.updated_weights1 = stage.run(&result.train1_loss);
  const auto v = [&] {
    const ScopedValues at_weights(problem.weights, result.updated_weights1);
    return differentiate(validation, a, problem.weights);
  }();
  result.terms[Term::kDirect1] = v.architecture;
  result.validation1_loss = v.loss;
  if (options.terms[Term::kWeights1]) {
    result.terms[Term::kWeights1] = stage.pull_back(v.weights, a, product);
  }
  result.total = add(scale(result.terms[Term::kDirect1], on(options.terms[Term::kDirect1])),
                     result.terms[Term::kWeights1]);
  return result;
}

}  // namespace sanas
