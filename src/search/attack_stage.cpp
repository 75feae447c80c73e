// SPDX-License-Identifier: Apache-2.0
#include "search/attack_stage.h"

#include <utility>

namespace sanas {

AttackStage::AttackStage(Objective objective, torch::Tensor delta, Step step, int64_t count,
                         const SecondDerivative& products)
    : objective_(std::move(objective)),
      delta_(std::move(delta)),
      start_(delta_.detach()),
      step_(std::move(step)),
      count_(count),
      products_(products) {}

TensorList AttackStage::run(bool pulled_back) {
  points_.clear();
  torch::Tensor delta = start_;
  for (int64_t k = 0; k < count_; ++k) {
    Point& point = points_.emplace_back(Point{delta, {}, products_.at(objective_, {delta_})});
    const ScopedValues at({delta_}, {delta});
    point.gradient = point.derivatives->gradient(pulled_back).front().detach();
    delta = step_(delta, point.gradient);
  }
  return {delta};
}

TensorList AttackStage::pull_back(const TensorList& adjoint, const TensorList& y) {
  if (adjoint.empty() || points_.empty()) {
    return zeros_like(y);
  }
  TensorList result;
  torch::Tensor q = adjoint.front();
  for (size_t k = points_.size(); k-- > 0;) {
    const Point& point = points_[k];
    const TensorList of_step = pull_back_step(point, q);
    const ScopedValues at({delta_}, {point.delta});
    TensorList targets = y;
    if (k > 0) {  // the start is a constant
      targets.push_back(delta_);
    }
    TensorList products = point.derivatives->product({of_step[1]}, targets);
    if (k > 0) {
      q = of_step[0] + products.back();
      products.pop_back();
    }
    result = result.empty() ? products : add(result, products);
  }
  return result;
}

/// The adjoints of Δ_k, through U alone, and of the gradient there.
TensorList AttackStage::pull_back_step(const Point& point, const torch::Tensor& adjoint) const {
  const torch::AutoGradMode with_gradients(true);
  const auto delta = point.delta.detach().requires_grad_(true);
  const auto gradient = point.gradient.detach().requires_grad_(true);
  return gradients_of(TensorList{step_(delta, gradient)}, {delta, gradient}, {adjoint});
}

void AttackStage::forget() {
  for (const Point& point : points_) {
    point.derivatives->forget();
  }
}

torch::Tensor AttackStage::value() const {
  return points_.empty() ? torch::Tensor() : points_.front().derivatives->value();
}

int64_t AttackStage::passes() const {
  int64_t sum = 0;
  for (const Point& point : points_) {
    sum += point.derivatives->passes();
  }
  return sum;
}

}  // namespace sanas
