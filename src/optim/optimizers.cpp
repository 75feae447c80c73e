// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/optimizers.h"

#include "sanas/core/error.h"

namespace sanas {
namespace {

void check_lengths(const TensorList& parameters, const TensorList& gradients) {
  TORCH_CHECK(parameters.size() == gradients.size(), gradients.size(), " gradients for ",
              parameters.size(), " parameters");
}

std::unique_ptr<torch::optim::Optimizer> make_optimizer(
    const TensorList& parameters, const ArchitectureOptimizerOptions& options) {
  if (options.optimizer == ArchitectureOptimizerKind::kSgd) {
    return std::make_unique<torch::optim::SGD>(parameters,
                                               torch::optim::SGDOptions(options.learning_rate)
                                                   .momentum(options.momentum)
                                                   .weight_decay(options.weight_decay));
  }
  return std::make_unique<torch::optim::Adam>(
      parameters, torch::optim::AdamOptions(options.learning_rate)
                      .betas(std::make_tuple(options.betas[0], options.betas[1]))
                      .weight_decay(options.weight_decay));
}

}  // namespace

std::string to_string(ArchitectureOptimizerKind kind) {
  return kind == ArchitectureOptimizerKind::kAdam ? "adam" : "sgd";
}

TensorList ArchitectureOptimizer::state() const {
  int64_t steps = 0;
  TensorList moments;
  for (const auto& parameter : parameters_) {
    const auto found = optimizer_->state().find(parameter.unsafeGetTensorImpl());
    const bool known = found != optimizer_->state().end();
    if (options_.optimizer == ArchitectureOptimizerKind::kAdam) {
      const auto* adam =
          known ? static_cast<const torch::optim::AdamParamState*>(found->second.get()) : nullptr;
      steps = adam != nullptr ? adam->step() : 0;
      moments.push_back(adam != nullptr ? adam->exp_avg() : torch::zeros_like(parameter));
      moments.push_back(adam != nullptr ? adam->exp_avg_sq() : torch::zeros_like(parameter));
    } else {
      const auto* sgd =
          known ? static_cast<const torch::optim::SGDParamState*>(found->second.get()) : nullptr;
      const bool has_buffer = sgd != nullptr && sgd->momentum_buffer().defined();
      moments.push_back(has_buffer ? sgd->momentum_buffer() : torch::zeros_like(parameter));
    }
  }
  moments.insert(moments.begin(), torch::tensor(steps));
  return detach(moments);
}

void ArchitectureOptimizer::set_state(const TensorList& state) {
  const bool adam = options_.optimizer == ArchitectureOptimizerKind::kAdam;
  const size_t per_parameter = adam ? 2 : 1;
  if (state.size() != 1 + per_parameter * parameters_.size()) {
    throw FileError("the saved state is of another architecture optimizer than '" +
                    to_string(options_.optimizer) + "'");
  }
  if (state[0].numel() != 1 || state[0].scalar_type() != torch::kInt64) {
    throw FileError("the saved state of the architecture optimizer has no number of steps");
  }
  for (size_t k = 1; k < state.size(); ++k) {
    const auto& parameter = parameters_[(k - 1) / per_parameter];
    if (state[k].sizes() != parameter.sizes()) {
      throw FileError("the saved state of the architecture optimizer is for other sizes: " +
                      c10::str(state[k].sizes(), " in place of ", parameter.sizes()));
    }
  }
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto moment = [&](size_t k) {
      return state[1 + per_parameter * i + k].to(parameters_[i].options()).clone();
    };
    auto& slot = optimizer_->state()[parameters_[i].unsafeGetTensorImpl()];
    if (adam) {
      auto saved = std::make_unique<torch::optim::AdamParamState>();
      saved->step(state[0].item<int64_t>());
      saved->exp_avg(moment(0));
      saved->exp_avg_sq(moment(1));
      slot = std::move(saved);
    } else {
      auto saved = std::make_unique<torch::optim::SGDParamState>();
      saved->momentum_buffer(moment(0));
      slot = std::move(saved);
    }
  }
}

// Norms and factor are in the gradients' own precision, as in torch.nn.utils.clip_grad_norm_: the
// same rounding gives the same training.
torch::Tensor gradient_norm(const TensorList& gradients) {
  const torch::NoGradGuard no_grad;
  return torch::linalg_vector_norm(torch::stack(at::_foreach_norm(gradients)));
}

TensorList clip_gradients(const TensorList& gradients, const torch::Tensor& norm, double limit) {
  if (limit <= 0.0) {
    return gradients;
  }
  const torch::NoGradGuard no_grad;
  return at::_foreach_mul(gradients, (limit / (norm + 1e-6)).clamp_max(1.0));
}

WeightOptimizer::WeightOptimizer(TensorList parameters, const WeightOptimizerOptions& options)
    : parameters_(std::move(parameters)),
      options_(options),
      learning_rate_(options.schedule.learning_rate) {}

double WeightOptimizer::step(const TensorList& gradients) {
  const torch::Tensor norm = gradient_norm(gradients);
  step(gradients, norm);
  return norm.item<double>();
}

// Not LibTorch's fused step: it rounds in another way, looks at no memory layout and tells no
// version counter, for a few milliseconds less of a pass of seconds.
void WeightOptimizer::step(const TensorList& gradients, const torch::Tensor& norm) {
  check_lengths(parameters_, gradients);
  const torch::NoGradGuard no_grad;
  TensorList direction = clip_gradients(detach(gradients), norm, options_.gradient_clip);
  bool is_own = options_.gradient_clip > 0.0;  // not the caller's tensors
  if (options_.weight_decay != 0.0 && is_own) {
    add_in_place(direction, parameters_, options_.weight_decay);
  } else if (options_.weight_decay != 0.0) {
    direction = add(direction, parameters_, options_.weight_decay);
    is_own = true;
  }
  if (options_.momentum != 0.0) {
    if (momentum_buffers_.empty()) {
      momentum_buffers_ = is_own ? direction : clone(direction);
    } else {
      at::_foreach_mul_(momentum_buffers_, options_.momentum);
      add_in_place(momentum_buffers_, direction);
    }
    direction = options_.nesterov ? add(direction, momentum_buffers_, options_.momentum)
                                  : momentum_buffers_;
  }
  add_in_place(parameters_, direction, -learning_rate_);
}

TensorList WeightOptimizer::momentum_buffers() const {
  return momentum_buffers_.empty() ? zeros_like(parameters_) : momentum_buffers_;
}

void WeightOptimizer::set_momentum_buffers(const TensorList& buffers) {
  TORCH_CHECK(buffers.size() == parameters_.size(), buffers.size(), " buffers for ",
              parameters_.size(), " parameters");
  momentum_buffers_ = clone(buffers);
}

ArchitectureOptimizer::ArchitectureOptimizer(TensorList parameters,
                                             const ArchitectureOptimizerOptions& options)
    : parameters_(std::move(parameters)),
      options_(options),
      optimizer_(make_optimizer(parameters_, options)) {}

double ArchitectureOptimizer::step(const TensorList& gradients) {
  check_lengths(parameters_, gradients);
  const torch::Tensor norm = gradient_norm(gradients);
  const TensorList clipped = clip_gradients(detach(gradients), norm, options_.gradient_clip);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    parameters_[i].mutable_grad() = clipped[i];
  }
  optimizer_->step();
  optimizer_->zero_grad();
  return norm.item<double>();
}

}  // namespace sanas
