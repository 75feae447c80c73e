// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/hypergradient.h"

namespace sanas {
namespace {

/// Counts the evaluations of an objective, each of which is followed by one backward pass. One that
/// there is not stays so.
Objective counted(const Objective& objective, int64_t& passes) {
  if (!objective) {
    return {};
  }
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

/// No term, and a total that is still to be made.
Hypergradient nothing_yet(const TensorList& architecture) {
  Hypergradient result;
  result.terms = PerTerm<TensorList>(zeros_like(detach(architecture)));
  return result;
}

/// d1 and d2 with their losses; the total becomes d2 + γ d1, of what is switched on.
void add_direct_terms(Hypergradient& to, const ValidationGradients& v1,
                      const ValidationGradients& v2, const HypergradientOptions& options) {
  to.terms[Term::kDirect1] = v1.architecture;
  to.terms[Term::kDirect2] = v2.architecture;
  to.validation1_loss = v1.loss;
  to.validation2_loss = v2.loss;
  to.total = add(scale(v2.architecture, on(options.terms[Term::kDirect2])), v1.architecture,
                 options.gamma * on(options.terms[Term::kDirect1]));
}

/// At the weights as they are.
Hypergradient first_order(const FourLevelProblem& problem, const HypergradientOptions& options) {
  Hypergradient result = nothing_yet(problem.architecture);
  const auto validation1 = counted(problem.validation1, result.passes);
  const auto validation2 = counted(problem.validation2, result.passes);
  const auto v1 = differentiate(validation1, problem.architecture, {});
  const auto v2 = differentiate(validation2, problem.architecture, {});
  add_direct_terms(result, v1, v2, options);
  return result;
}

/// The chain through the three stages, forward and back. Every step puts what it finds into the
/// result; what the next one needs, it returns.
class FourLevels {
 public:
  FourLevels(const FourLevelProblem& problem, const VirtualStep& step1, const VirtualStep& step2,
             const HypergradientOptions& options, bool split_terms);

  Hypergradient hypergradient();

 private:
  /// ∂V/∂W1', without γ, and ∂V/∂W2'.
  struct Slopes {
    TensorList weights1;
    TensorList weights2;
  };

  bool is_on(Term term) const { return options_.terms[term]; }
  bool is_delta_on() const { return is_on(Term::kDeltaDirect) || is_on(Term::kDeltaWeights1); }

  torch::Tensor updated_delta();
  void measure_attack();
  Slopes validate();
  torch::Tensor back_through_stage3(const TensorList& slope);
  TensorList back_through_stage2(const torch::Tensor& q);
  TensorList back_through_stage1(const TensorList& slope, const TensorList& r);
  void split_terms_of_stage1(const TensorList& slope, const TensorList& r);

  const FourLevelProblem& problem_;
  const HypergradientOptions& options_;
  bool split_terms_;
  Hypergradient result_;
  CountedProduct product_;
  GradientStage stage1_;
  GradientStage stage2_;
  GradientStage stage3_;
  Objective validation1_;
  Objective validation2_;
};

FourLevels::FourLevels(const FourLevelProblem& problem, const VirtualStep& step1,
                       const VirtualStep& step2, const HypergradientOptions& options,
                       bool split_terms)
    : problem_(problem),
      options_(options),
      split_terms_(split_terms),
      result_(nothing_yet(problem.architecture)),
      product_(options, result_.passes),
      stage1_(counted(problem.train1, result_.passes), problem.weights1,
              {step1, problem.train1 ? options.inner_steps.weights1 : 0, options.implicit}),
      stage2_(counted(problem.attack, result_.passes), {problem.delta},
              {{.step_size = -options.delta_step_size},
               problem.perturb ? 1 : options.inner_steps.delta,
               ImplicitDerivative::kUnrolled}),
      stage3_(counted(problem.train2, result_.passes), problem.weights2,
              {step2, options.inner_steps.weights2, options.implicit}),
      validation1_(counted(problem.validation1, result_.passes)),
      validation2_(counted(problem.validation2, result_.passes)) {}

Hypergradient FourLevels::hypergradient() {
  // Forward: W1' (eq. 1), Δ' (eq. 2) at W1', W2' (eq. 3) at Δ', and V at W1' and W2'.
  result_.updated_weights1 = stage1_.run(&result_.train1_loss);
  const ScopedValues at_weights1(problem_.weights1, result_.updated_weights1);
  result_.updated_delta = updated_delta();
  const ScopedValues at_delta({problem_.delta}, {result_.updated_delta});
  measure_attack();
  result_.updated_weights2 = stage3_.run(&result_.train2_loss);
  const Slopes slopes = validate();

  // Backward: ∂V/∂W2' through stage III to A (I2) and Δ' (q); q through stage II to A (I3) and W1'
  // (r); γ ∂V/∂W1' and r through stage I to A (I1 and I4).
  const torch::Tensor q = back_through_stage3(slopes.weights2);
  const TensorList r = back_through_stage2(q);
  const TensorList i1_and_i4 = back_through_stage1(slopes.weights1, r);

  add_in_place(result_.total, result_.terms[Term::kWeights2]);
  add_in_place(result_.total, result_.terms[Term::kDeltaDirect]);
  add_in_place(result_.total, i1_and_i4);
  return std::move(result_);
}

torch::Tensor FourLevels::updated_delta() {
  if (!problem_.perturb) {
    return stage2_.run(&result_.attack_loss).front();
  }
  result_.passes += problem_.perturb_passes;
  return problem_.perturb();
}

/// The loss of an attack of another form than eq. 2, which only a report asks for.
void FourLevels::measure_attack() {
  if (problem_.perturb && split_terms_) {
    const torch::NoGradGuard no_grad;
    result_.attack_loss = problem_.attack().item<double>();
  }
}

FourLevels::Slopes FourLevels::validate() {
  const auto v2 = [&] {
    const ScopedValues at_weights2(problem_.weights2, result_.updated_weights2);
    return differentiate(validation2_, problem_.architecture, problem_.weights2);
  }();
  const auto v1 = differentiate(validation1_, problem_.architecture, problem_.weights1);
  add_direct_terms(result_, v1, v2, options_);
  return {v1.weights, v2.weights};
}

/// I2. @return q, what reaches Δ'; undefined where nothing needs it.
torch::Tensor FourLevels::back_through_stage3(const TensorList& slope) {
  if (!is_on(Term::kWeights2) && !is_delta_on()) {
    return {};
  }
  TensorList i2_and_q =
      stage3_.pull_back(slope, concatenate(problem_.architecture, {problem_.delta}), product_);
  const torch::Tensor q = i2_and_q.back();
  i2_and_q.pop_back();
  if (is_on(Term::kWeights2)) {
    result_.terms[Term::kWeights2] = std::move(i2_and_q);
  }
  return q;
}

/// I3. @return r, what reaches W1'; zero where I4 is switched off.
TensorList FourLevels::back_through_stage2(const torch::Tensor& q) {
  TensorList r = zeros_like(result_.updated_weights1);
  if (!is_delta_on()) {
    return r;
  }
  const TensorList i3_and_r =
      stage2_.pull_back({q}, concatenate(problem_.architecture, problem_.weights1), product_);
  const auto split = i3_and_r.begin() + static_cast<int64_t>(problem_.architecture.size());
  if (is_on(Term::kDeltaDirect)) {
    result_.terms[Term::kDeltaDirect] = {i3_and_r.begin(), split};
  }
  if (is_on(Term::kDeltaWeights1)) {
    r = {split, i3_and_r.end()};
  }
  return r;
}

/// γ I1 + I4, in one go where passes are shared; each by itself where terms are split.
TensorList FourLevels::back_through_stage1(const TensorList& slope, const TensorList& r) {
  const double weight1 = options_.gamma * on(is_on(Term::kWeights1));
  if (!options_.shared_passes) {
    split_terms_of_stage1(slope, r);
    return add(result_.terms[Term::kDeltaWeights1], result_.terms[Term::kWeights1], weight1);
  }
  TensorList both = zeros_like(detach(problem_.architecture));
  if (weight1 > 0.0 || is_on(Term::kDeltaWeights1)) {
    both = stage1_.pull_back(add(r, slope, weight1), problem_.architecture, product_);
  }
  if (split_terms_) {
    const int64_t passes = result_.passes;
    split_terms_of_stage1(slope, r);
    result_.split_passes = result_.passes - passes;
    result_.passes = passes;
  }
  return both;
}

void FourLevels::split_terms_of_stage1(const TensorList& slope, const TensorList& r) {
  if (is_on(Term::kWeights1)) {
    result_.terms[Term::kWeights1] = stage1_.pull_back(slope, problem_.architecture, product_);
  }
  if (is_on(Term::kDeltaWeights1)) {
    result_.terms[Term::kDeltaWeights1] = stage1_.pull_back(r, problem_.architecture, product_);
  }
}

}  // namespace

Hypergradient four_level_hypergradient(const FourLevelProblem& problem, const VirtualStep& step1,
                                       const VirtualStep& step2,
                                       const HypergradientOptions& options, bool split_terms) {
  return options.order == HypergradientOrder::kFirst
             ? first_order(problem, options)
             : FourLevels(problem, step1, step2, options, split_terms).hypergradient();
}

Hypergradient bilevel_hypergradient(const BilevelProblem& problem, const VirtualStep& step,
                                    const HypergradientOptions& options) {
  const TensorList& a = problem.architecture;
  Hypergradient result = nothing_yet(a);
  const auto validation = counted(problem.validation, result.passes);
  if (options.order == HypergradientOrder::kFirst) {
    const auto v = differentiate(validation, a, {});
    result.terms[Term::kDirect1] = v.architecture;
    result.total = scale(result.terms[Term::kDirect1], on(options.terms[Term::kDirect1]));
    result.validation1_loss = v.loss;
    return result;
  }
  const CountedProduct product(options, result.passes);
  GradientStage stage(counted(problem.train, result.passes), problem.weights,
                      {step, options.inner_steps.weights1, options.implicit});
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
