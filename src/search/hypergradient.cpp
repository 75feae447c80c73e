// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/hypergradient.h"

#include <utility>
#include <vector>

#include "search/attack_stage.h"
#include "search/zero_or_list.h"

namespace sanas {
namespace {

/// Gradients of a validation loss with respect to A and to the weights.
struct ValidationGradients {
  TensorList architecture;
  TensorList weights;
  /// Without history; undefined for a loss that there is not.
  torch::Tensor loss;
};

/// Zeros for a loss that there is not. @param weights empty: none are asked for.
ValidationGradients differentiate(const Objective& validation, const TensorList& architecture,
                                  const TensorList& weights) {
  if (!validation) {
    return {zeros_like(architecture), {}, {}};
  }
  TensorList inputs = architecture;
  inputs.insert(inputs.end(), weights.begin(), weights.end());
  const torch::Tensor loss = validation();
  const TensorList gradients = gradients_of(loss, inputs);
  const auto split = gradients.begin() + static_cast<int64_t>(architecture.size());
  return {{gradients.begin(), split}, {split, gradients.end()}, loss.detach()};
}

/// Puts losses into their places, of those that there are. The device is waited for once.
void read_losses(const std::vector<std::pair<torch::Tensor, double*>>& losses) {
  TensorList tensors;
  std::vector<double*> places;
  for (const auto& [loss, place] : losses) {
    if (loss.defined()) {
      tensors.push_back(loss);
      places.push_back(place);
    }
  }
  const std::vector<double> values = to_host(tensors);
  for (size_t i = 0; i < values.size(); ++i) {
    *places[i] = values[i];
  }
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
  result.terms = PerTerm<TensorList>(zeros_like(architecture));
  return result;
}

/// d1 and d2; the total becomes d2 + γ d1, of what is switched on.
void add_direct_terms(Hypergradient& to, const ValidationGradients& v1,
                      const ValidationGradients& v2, const HypergradientOptions& options) {
  to.terms[Term::kDirect1] = v1.architecture;
  to.terms[Term::kDirect2] = v2.architecture;
  to.total = add(scale(v2.architecture, on(options.terms[Term::kDirect2])), v1.architecture,
                 options.gamma * on(options.terms[Term::kDirect1]));
}

/// Of a validation loss that may be missing.
int64_t passes_of(const Objective& validation) { return validation ? 1 : 0; }

/// At the weights as they are.
Hypergradient first_order(const FourLevelProblem& problem, const HypergradientOptions& options) {
  const ScopedConstants weights1(problem.weights1);
  const ScopedConstants weights2(problem.weights2);
  Hypergradient result = nothing_yet(problem.architecture);
  const auto v1 = differentiate(problem.validation1, problem.architecture, {});
  const auto v2 = differentiate(problem.validation2, problem.architecture, {});
  add_direct_terms(result, v1, v2, options);
  read_losses({{v1.loss, &result.validation1_loss}, {v2.loss, &result.validation2_loss}});
  result.passes = passes_of(problem.validation1) + passes_of(problem.validation2);
  return result;
}

/// The steps of an attack that has derivatives; or those of eq. 2, of which the first one stands
/// for the Jacobian of an attack that has none.
std::unique_ptr<InnerStage> make_stage2(const FourLevelProblem& problem,
                                        const HypergradientOptions& options,
                                        const SecondDerivative& product) {
  if (problem.attack_step) {
    return std::make_unique<AttackStage>(problem.attack, problem.delta, problem.attack_step,
                                         problem.attack_steps, product);
  }
  const StageSteps steps{{.step_size = -options.delta_step_size},
                         problem.perturb ? 1 : options.inner_steps.delta,
                         ImplicitDerivative::kUnrolled};
  return std::make_unique<GradientStage>(problem.attack, TensorList{problem.delta}, steps, product);
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
  /// Whether something is pulled back through stage III, and ∂V/∂W1' and anything through stage I.
  bool needs_stage3() const { return is_on(Term::kWeights2) || is_delta_on(); }
  bool needs_slope1() const {
    const bool is_used = options_.gamma > 0.0 || split_terms_ || !options_.shared_passes;
    return is_on(Term::kWeights1) && is_used;
  }
  bool needs_stage1() const { return needs_slope1() || is_on(Term::kDeltaWeights1); }

  torch::Tensor updated_delta();
  void measure_attack();
  Slopes validate();
  torch::Tensor back_through_stage3(const TensorList& slope);
  TensorList back_through_stage2(const torch::Tensor& q);
  TensorList back_through_stage1(const TensorList& slope, const TensorList& r);
  void split_terms_of_stage1(const TensorList& slope, const TensorList& r);
  int64_t passes() const;

  const FourLevelProblem& problem_;
  const HypergradientOptions& options_;
  bool split_terms_;
  Hypergradient result_;
  std::unique_ptr<SecondDerivative> product_;
  GradientStage stage1_;
  std::unique_ptr<InnerStage> stage2_;
  GradientStage stage3_;
  torch::Tensor attack_loss_;
  torch::Tensor validation1_loss_;
  torch::Tensor validation2_loss_;
};

FourLevels::FourLevels(const FourLevelProblem& problem, const VirtualStep& step1,
                       const VirtualStep& step2, const HypergradientOptions& options,
                       bool split_terms)
    : problem_(problem),
      options_(options),
      split_terms_(split_terms),
      result_(nothing_yet(problem.architecture)),
      product_(make_second_derivative(options.approximation, options.finite_difference_radius)),
      stage1_(problem.train1, problem.weights1,
              {step1, problem.train1 ? options.inner_steps.weights1 : 0, options.implicit},
              *product_),
      stage2_(make_stage2(problem, options, *product_)),
      stage3_(problem.train2, problem.weights2,
              {step2, options.inner_steps.weights2, options.implicit}, *product_) {}

Hypergradient FourLevels::hypergradient() {
  // Forward: W1' (eq. 1), Δ' (eq. 2) at W1', W2' (eq. 3) at Δ', and V at W1' and W2'.
  result_.updated_weights1 = stage1_.run(needs_stage1());
  const ScopedValues at_weights1(problem_.weights1, result_.updated_weights1);
  result_.updated_delta = updated_delta();
  const ScopedValues at_delta({problem_.delta}, {result_.updated_delta});
  measure_attack();
  result_.updated_weights2 = stage3_.run(needs_stage3());
  const Slopes slopes = validate();

  // Backward: ∂V/∂W2' through stage III to A (I2) and Δ' (q); q through stage II to A (I3) and W1'
  // (r); γ ∂V/∂W1' and r through stage I to A (I1 and I4).
  const torch::Tensor q = back_through_stage3(slopes.weights2);
  const TensorList r = back_through_stage2(q);
  const TensorList i1_and_i4 = back_through_stage1(slopes.weights1, r);

  add_in_place(result_.total, result_.terms[Term::kWeights2]);
  add_in_place(result_.total, result_.terms[Term::kDeltaDirect]);
  add_in_place(result_.total, i1_and_i4);
  read_losses({{stage1_.value(), &result_.train1_loss},
               {attack_loss_, &result_.attack_loss},
               {stage3_.value(), &result_.train2_loss},
               {validation1_loss_, &result_.validation1_loss},
               {validation2_loss_, &result_.validation2_loss}});
  result_.passes = passes() - result_.split_passes;
  return std::move(result_);
}

torch::Tensor FourLevels::updated_delta() {
  return problem_.perturb ? problem_.perturb() : stage2_->run(is_delta_on()).front();
}

/// The loss at Δ' of an attack of another form than eq. 2, for which only a report asks.
void FourLevels::measure_attack() {
  if (!problem_.perturb && !problem_.attack_step) {
    attack_loss_ = stage2_->value();
  } else if (split_terms_) {
    const torch::NoGradGuard no_grad;
    attack_loss_ = problem_.attack();
  }
}

FourLevels::Slopes FourLevels::validate() {
  const auto v2 = [&] {
    const ScopedValues at_weights2(problem_.weights2, result_.updated_weights2);
    return differentiate(problem_.validation2, problem_.architecture,
                         needs_stage3() ? problem_.weights2 : TensorList{});
  }();
  const auto v1 = differentiate(problem_.validation1, problem_.architecture,
                                needs_slope1() ? problem_.weights1 : TensorList{});
  add_direct_terms(result_, v1, v2, options_);
  validation1_loss_ = v1.loss;
  validation2_loss_ = v2.loss;
  return {v1.weights, v2.weights};
}

/// I2. @return q, what reaches Δ'; undefined where nothing needs it.
torch::Tensor FourLevels::back_through_stage3(const TensorList& slope) {
  if (!needs_stage3()) {
    return {};
  }
  TensorList i2_and_q =
      stage3_.pull_back(slope, concatenate(problem_.architecture, {problem_.delta}));
  stage3_.forget();
  const torch::Tensor q = i2_and_q.back();
  i2_and_q.pop_back();
  if (is_on(Term::kWeights2)) {
    result_.terms[Term::kWeights2] = std::move(i2_and_q);
  }
  return q;
}

/// I3. @return r, what reaches W1'; empty where I4 is switched off.
TensorList FourLevels::back_through_stage2(const torch::Tensor& q) {
  if (!is_delta_on()) {
    return {};
  }
  const TensorList i3_and_r = stage2_->pull_back(
      {q}, is_on(Term::kDeltaWeights1) ? concatenate(problem_.architecture, problem_.weights1)
                                       : problem_.architecture);
  stage2_->forget();
  const auto split = i3_and_r.begin() + static_cast<int64_t>(problem_.architecture.size());
  if (is_on(Term::kDeltaDirect)) {
    result_.terms[Term::kDeltaDirect] = {i3_and_r.begin(), split};
  }
  return {split, i3_and_r.end()};
}

/// γ I1 + I4, in one go where passes are shared; each by itself where terms are split.
TensorList FourLevels::back_through_stage1(const TensorList& slope, const TensorList& r) {
  const double weight1 = options_.gamma * on(is_on(Term::kWeights1));
  if (!options_.shared_passes) {
    split_terms_of_stage1(slope, r);
    return add(result_.terms[Term::kDeltaWeights1], result_.terms[Term::kWeights1], weight1);
  }
  const TensorList both = stage1_.pull_back(sum(r, slope, weight1), problem_.architecture);
  if (split_terms_) {
    const int64_t passes = stage1_.passes();
    split_terms_of_stage1(slope, r);
    result_.split_passes = stage1_.passes() - passes;
  }
  return both;
}

void FourLevels::split_terms_of_stage1(const TensorList& slope, const TensorList& r) {
  if (is_on(Term::kWeights1)) {
    result_.terms[Term::kWeights1] = stage1_.pull_back(slope, problem_.architecture);
  }
  if (is_on(Term::kDeltaWeights1)) {
    result_.terms[Term::kDeltaWeights1] = stage1_.pull_back(r, problem_.architecture);
  }
}

/// All that were made, those for the split terms included.
int64_t FourLevels::passes() const {
  return stage1_.passes() + (problem_.perturb ? problem_.perturb_passes : 0) + stage2_->passes() +
         stage3_.passes() + passes_of(problem_.validation1) + passes_of(problem_.validation2);
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
  if (options.order == HypergradientOrder::kFirst) {
    const ScopedConstants weights(problem.weights);
    const auto v = differentiate(problem.validation, a, {});
    result.terms[Term::kDirect1] = v.architecture;
    result.total = scale(result.terms[Term::kDirect1], on(options.terms[Term::kDirect1]));
    read_losses({{v.loss, &result.validation1_loss}});
    result.passes = 1;
    return result;
  }
  const bool pulls_back = options.terms[Term::kWeights1];
  const auto product =
      make_second_derivative(options.approximation, options.finite_difference_radius);
  GradientStage stage(problem.train, problem.weights,
                      {step, options.inner_steps.weights1, options.implicit}, *product);
  result.updated_weights1 = stage.run(pulls_back);
  const auto v = [&] {
    const ScopedValues at_weights(problem.weights, result.updated_weights1);
    return differentiate(problem.validation, a, pulls_back ? problem.weights : TensorList{});
  }();
  result.terms[Term::kDirect1] = v.architecture;
  if (pulls_back) {
    result.terms[Term::kWeights1] = stage.pull_back(v.weights, a);
  }
  result.total = add(scale(result.terms[Term::kDirect1], on(options.terms[Term::kDirect1])),
                     result.terms[Term::kWeights1]);
  read_losses({{stage.value(), &result.train1_loss}, {v.loss, &result.validation1_loss}});
  result.passes = stage.passes() + 1;
  return result;
}

}  // namespace sanas
