// SPDX-License-Identifier: Apache-2.0
#pragma once

// A few gradient steps on an inner problem, and the derivative through them.

#include <vector>

#include "sanas/core/parameters.h"
#include "sanas/search/options.h"
#include "sanas/search/second_derivative.h"

namespace sanas {

/// A step on an inner problem that is made on trial (method §3.3), in SGD's form g = ∇F(X) + ωX,
/// b ← μb + g, X ← X − ξb, with Nesterov's momentum X ← X − ξ(g + μb); a negative step size ascends
/// (supplement eq. 2).
struct VirtualStep {
  double step_size = 0.0;     ///< ξ
  double momentum = 0.0;      ///< μ
  double weight_decay = 0.0;  ///< ω
  /// b before the first step; empty: zero.
  TensorList momentum_buffers = {};
  bool nesterov = false;
};

/// The gradient steps that stand for the solution of an inner problem.
struct StageSteps {
  VirtualStep step;
  /// 0: X stands still, and nothing flows through the stage.
  int64_t count = 1;
  ImplicitDerivative implicit = ImplicitDerivative::kUnrolled;
};

/// One inner level: variables X, its objective F, and a few gradient steps on it. `run` makes the
/// steps without touching X; `pull_back` carries a vector backwards through them, the adjoint of
/// the same recursion, without ever building a graph through the steps.
class GradientStage {
 public:
  GradientStage(Objective objective, TensorList variables, StageSteps steps);

  /// @return X after the steps. `loss` gets F before the first step if it is not null.
  TensorList run(double* loss = nullptr);

  /// For L(X', …): given ∂L/∂X' at the result of `run`, returns Σ_k [∂²F/∂Y∂X_k] b_k, which is the
  /// part of dL/dY that flows through the steps. Y must hold the values it held in `run`. With
  /// ImplicitDerivative::kIdentity it is ∓[∂²F/∂Y∂X'] ∂L/∂X' instead.
  TensorList pull_back(const TensorList& adjoint, const TensorList& y,
                       const SecondDerivative& second_derivative) const;

  const TensorList& variables() const { return variables_; }

 private:
  Objective objective_;
  TensorList variables_;
  StageSteps steps_;
  /// X before each step.
  std::vector<TensorList> trajectory_;
  /// X after the last step.
  TensorList result_;
};

}  // namespace sanas
