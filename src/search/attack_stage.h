// SPDX-License-Identifier: Apache-2.0
#pragma once

// The level of the perturbation, with the derivative through all steps of an attack.

#include <functional>
#include <vector>

#include "sanas/search/inner_stage.h"
#include "sanas/search/second_derivative.h"

namespace sanas {

/// Steps Δ_{k+1} = U(Δ_k, ∂G/∂Δ (Δ_k)) from Δ, which itself is a constant. The adjoint q of
/// Δ_{k+1} reaches Δ_k through U directly, and through the gradient by a product of its second
/// derivative with v = (∂U/∂gradient)ᵀ q, which reaches the architecture and the weights, too.
class AttackStage : public InnerStage {
 public:
  /// U; differentiable in both.
  using Step =
      std::function<torch::Tensor(const torch::Tensor& delta, const torch::Tensor& gradient)>;

  /// @param objective G. @param delta the leaf tensor Δ, which holds the start.
  /// @param products has to outlive this.
  AttackStage(Objective objective, torch::Tensor delta, Step step, int64_t count,
              const SecondDerivative& products);

  TensorList run(bool pulled_back = true) override;
  TensorList pull_back(const TensorList& adjoint, const TensorList& y) override;
  void forget() override;
  torch::Tensor value() const override;
  int64_t passes() const override;

 private:
  /// Where a step begins.
  struct Point {
    torch::Tensor delta;
    torch::Tensor gradient;
    std::unique_ptr<LocalDerivatives> derivatives;
  };
  TensorList pull_back_step(const Point& point, const torch::Tensor& adjoint) const;

  Objective objective_;
  torch::Tensor delta_;
  torch::Tensor start_;
  Step step_;
  int64_t count_;
  const SecondDerivative& products_;
  std::vector<Point> points_;
};

}  // namespace sanas
