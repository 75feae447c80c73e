// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/gradient_stage.h"

namespace sanas {

GradientStage::GradientStage(Objective objective, TensorList variables, StageSteps steps)
    : objective_(std::move(objective)),
      variables_(std::move(variables)),
      steps_(std::move(steps)),
      trajectory_{detach(variables_)} {}

TensorList GradientStage::run(double* loss) {
  const VirtualStep& step = steps_.step;
  TensorList x = trajectory_.front();
  TensorList buffers =
      step.momentum_buffers.empty() ? zeros_like(x) : detach(step.momentum_buffers);
  trajectory_.clear();
  for (int64_t k = 0; k < steps_.count; ++k) {
    trajectory_.push_back(x);
    const ScopedValues at(variables_, x);
    const torch::Tensor value = objective_();
    if (k == 0 && loss != nullptr) {
      *loss = value.item<double>();
    }
    TensorList gradient = gradients_of(value, variables_);
    add_in_place(gradient, x, step.weight_decay);
    buffers = add(gradient, buffers, step.momentum);
    if (step.nesterov) {
      add_in_place(gradient, buffers, step.momentum);
    }
    x = add(x, step.nesterov ? gradient : buffers, -step.step_size);
  }
  result_ = x;
  return x;
}

TensorList GradientStage::pull_back(const TensorList& adjoint, const TensorList& y,
                                    const SecondDerivative& second_derivative) const {
  const VirtualStep& step = steps_.step;
  if (steps_.implicit == ImplicitDerivative::kIdentity && steps_.count > 0) {
    const ScopedValues at(variables_, result_);
    const double sign = step.step_size < 0.0 ? 1.0 : -1.0;
    return second_derivative.product(objective_, variables_, scale(adjoint, sign), y);
  }
  TensorList result = zeros_like(detach(y));
  TensorList x_adjoint = clone(adjoint);
  TensorList buffer_adjoint = zeros_like(x_adjoint);
  for (size_t k = trajectory_.size(); k-- > 0;) {
    const ScopedValues at(variables_, trajectory_[k]);
    add_in_place(buffer_adjoint, x_adjoint,
                 -step.step_size * (step.nesterov ? step.momentum : 1.0));
    TensorList gradient_adjoint = clone(buffer_adjoint);
    if (step.nesterov) {
      add_in_place(gradient_adjoint, x_adjoint, -step.step_size);
    }
    TensorList targets = y;
    if (k > 0) {  // X_k was itself computed from earlier steps
      targets.insert(targets.end(), variables_.begin(), variables_.end());
    }
    const TensorList products =
        second_derivative.product(objective_, variables_, gradient_adjoint, targets);
    const auto split = products.begin() + static_cast<int64_t>(y.size());
    add_in_place(result, {products.begin(), split});
    if (k > 0) {
      add_in_place(x_adjoint, {split, products.end()});
      add_in_place(x_adjoint, gradient_adjoint, step.weight_decay);
      buffer_adjoint = scale(buffer_adjoint, step.momentum);
    }
  }
  return result;
}

}  // namespace sanas
