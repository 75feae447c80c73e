// SPDX-License-Identifier: Apache-2.0
#pragma once

// A few gradient steps on an inner problem, and the derivative through them.

#include <memory>
#include <vector>

#include "sanas/search/inner_stage.h"
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

/// One inner level: variables X, its objective F, and a few gradient steps on it, which begin where
/// X is when the stage is made. `pull_back` returns Σ_k [∂²F/∂Y∂X_k] b_k; with
/// ImplicitDerivative::kIdentity it is ∓[∂²F/∂Y∂X'] ∂L/∂X' instead.
class GradientStage : public InnerStage {
 public:
  /// @param products how `pull_back` takes its products; has to outlive this.
  GradientStage(Objective objective, TensorList variables, StageSteps steps,
                const SecondDerivative& products);

  TensorList run(bool pulled_back = true) override;
  TensorList pull_back(const TensorList& adjoint, const TensorList& y) override;
  void forget() override;
  torch::Tensor value() const override;
  int64_t passes() const override;

  const TensorList& variables() const { return variables_; }

 private:
  /// X before a step, and F there.
  struct Point {
    TensorList x;
    std::unique_ptr<LocalDerivatives> derivatives;
  };
  Point point_at(TensorList x) const;
  TensorList pull_back_as_identity(const TensorList& adjoint, const TensorList& y);

  Objective objective_;
  TensorList variables_;
  StageSteps steps_;
  const SecondDerivative& products_;
  /// One for each step; the first alone before `run`.
  std::vector<Point> points_;
  /// After the last step, for ImplicitDerivative::kIdentity.
  Point result_;
};

}  // namespace sanas
