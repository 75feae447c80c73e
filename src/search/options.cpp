// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/options.h"

#include "sanas/core/error.h"

namespace sanas {
namespace {

void require(bool holds, const std::string& message) {
  if (!holds) {
    throw ConfigError(message);
  }
}

}  // namespace

void validate_jacobian(const AttackOptions& attack) {
  if (attack.jacobian != AttackJacobian::kExact) {
    return;
  }
  require(attack.norm == AttackNorm::kL2,
          "attack.jacobian: the signed steps of attack.norm: linf have no derivative; expected "
          "straight_through, or attack.norm: l2");
  require(attack.space == AttackSpace::kPixels,
          "attack.jacobian: exact is the derivative of an attack in pixels; expected "
          "straight_through, or attack.space: pixels");
  require(attack.steps > 0,
          "attack.jacobian: exact is of the steps of PGD, and attack.steps: 0 is eq. 2, whose "
          "Jacobian is exact as it is; expected straight_through, or attack.steps of 1 and more");
}

std::string to_string(SearchMethod method) {
  return method == SearchMethod::kSanas ? "sanas" : "plain";
}

std::string to_string(HypergradientOrder order) {
  return order == HypergradientOrder::kFirst ? "first" : "second";
}

std::string to_string(SecondOrderApproximation approximation) {
  switch (approximation) {
    case SecondOrderApproximation::kFiniteDifference:
      return "finite_difference";
    case SecondOrderApproximation::kCentral4:
      return "central_4";
    case SecondOrderApproximation::kExact:
      return "exact";
  }
  return {};
}

std::string to_string(ImplicitDerivative implicit) {
  return implicit == ImplicitDerivative::kUnrolled ? "unrolled" : "identity";
}

std::string to_string(Stage3Reduction reduction) {
  return reduction == Stage3Reduction::kMean ? "mean" : "sum";
}

std::string to_string(UpdateOrder order) {
  return order == UpdateOrder::kArchitectureFirst ? "architecture_first" : "weights_first";
}

void validate(const SearchOptions& options) {
  const bool sanas = options.method == SearchMethod::kSanas;
  require(sanas || !options.adversarial_weights1,
          "search.adversarial_weights1: with method: plain the architecture follows a network that "
          "is trained on clean images; expected false, or method: sanas");
  require(
      sanas || !options.sequential_stages,
      "search.sequential_stages: with method: plain there is one stage only; expected false, or "
      "method: sanas");
  require(!(options.adversarial_weights1 && options.sequential_stages),
          "search.adversarial_weights1: trains W1 and attacks it at once, search.sequential_stages "
          "one after the other; expected only one of the two");
  const int64_t delta_steps = options.hypergradient.inner_steps.delta;
  require(delta_steps == 1 || options.attack.steps == 0,
          "hypergradient.inner_steps.delta: " + std::to_string(delta_steps) +
              " steps of eq. 2, whose place is taken by attack.steps: " +
              std::to_string(options.attack.steps) + " of PGD; expected 1, or attack.steps: 0");
  validate_jacobian(options.attack);
}

AttackOptions attack_of(const SearchOptions& options) {
  AttackOptions attack = options.attack;
  attack.delta_step_size = options.hypergradient.delta_step_size;
  attack.delta_steps = options.hypergradient.inner_steps.delta;
  return attack;
}

}  // namespace sanas
