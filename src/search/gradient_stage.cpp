// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/gradient_stage.h"

#include <utility>

#include "search/zero_or_list.h"

namespace sanas {

GradientStage::GradientStage(Objective objective, TensorList variables, StageSteps steps,
                             const SecondDerivative& products)
    : objective_(std::move(objective)),
      variables_(std::move(variables)),
      steps_(std::move(steps)),
      products_(products) {
  if (steps_.count > 0) {
    points_.push_back(point_at(detach(variables_)));
  }
}

GradientStage::Point GradientStage::point_at(TensorList x) const {
  return {std::move(x), products_.at(objective_, variables_)};
}

TensorList GradientStage::run(bool pulled_back) {
  if (steps_.count == 0) {
    return detach(variables_);
  }
  const VirtualStep& step = steps_.step;
  const bool keeps = pulled_back && steps_.implicit == ImplicitDerivative::kUnrolled;
  TensorList x = points_.front().x;
  TensorList buffers = step.momentum_buffers;
  points_.clear();
  for (int64_t k = 0; k < steps_.count; ++k) {
    const Point& point = points_.emplace_back(point_at(x));
    const ScopedValues at(variables_, x);
    const TensorList gradient = sum(point.derivatives->gradient(keeps), x, step.weight_decay);
    buffers = sum(gradient, buffers, step.momentum);
    x = add(x, step.nesterov ? sum(gradient, buffers, step.momentum) : buffers, -step.step_size);
  }
  if (steps_.implicit == ImplicitDerivative::kIdentity) {
    result_ = point_at(x);
  }
  return x;
}

TensorList GradientStage::pull_back(const TensorList& adjoint, const TensorList& y) {
  if (adjoint.empty() || steps_.count == 0) {
    return zeros_like(y);
  }
  if (steps_.implicit == ImplicitDerivative::kIdentity) {
    return pull_back_as_identity(adjoint, y);
  }
  const VirtualStep& step = steps_.step;
  TensorList result;
  TensorList x_adjoint = adjoint;
  TensorList buffer_adjoint;
  for (size_t k = points_.size(); k-- > 0;) {
    const ScopedValues at(variables_, points_[k].x);
    buffer_adjoint =
        sum(buffer_adjoint, x_adjoint, -step.step_size * (step.nesterov ? step.momentum : 1.0));
    const TensorList gradient_adjoint =
        step.nesterov ? sum(buffer_adjoint, x_adjoint, -step.step_size) : buffer_adjoint;
    TensorList targets = y;
    if (k > 0) {  // X_k was itself computed from earlier steps
      targets.insert(targets.end(), variables_.begin(), variables_.end());
    }
    const TensorList products = points_[k].derivatives->product(gradient_adjoint, targets);
    const auto split = products.begin() + static_cast<int64_t>(y.size());
    const TensorList of_y{products.begin(), split};
    result = result.empty() ? of_y : add(result, of_y);
    if (k > 0) {
      x_adjoint = add(x_adjoint, {split, products.end()});
      x_adjoint = sum(x_adjoint, gradient_adjoint, step.weight_decay);
      buffer_adjoint = sum({}, buffer_adjoint, step.momentum);
    }
  }
  return result;
}

TensorList GradientStage::pull_back_as_identity(const TensorList& adjoint, const TensorList& y) {
  const ScopedValues at(variables_, result_.x);
  const double sign = steps_.step.step_size < 0.0 ? 1.0 : -1.0;
  return result_.derivatives->product(scale(adjoint, sign), y);
}

void GradientStage::forget() {
  for (const Point& point : points_) {
    point.derivatives->forget();
  }
  if (result_.derivatives) {
    result_.derivatives->forget();
  }
}

torch::Tensor GradientStage::value() const {
  return points_.empty() ? torch::Tensor() : points_.front().derivatives->value();
}

int64_t GradientStage::passes() const {
  int64_t sum = result_.derivatives ? result_.derivatives->passes() : 0;
  for (const Point& point : points_) {
    sum += point.derivatives->passes();
  }
  return sum;
}

}  // namespace sanas
