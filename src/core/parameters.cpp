// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/parameters.h"

#include <torch/autograd.h>
#include <torch/utils.h>

#include <cmath>

namespace sanas {
namespace {

template <typename Function>
TensorList map(const TensorList& tensors, Function function) {
  TensorList result;
  result.reserve(tensors.size());
  for (const auto& tensor : tensors) {
    result.push_back(function(tensor));
  }
  return result;
}

}  // namespace

TensorList detach(const TensorList& tensors) {
  return map(tensors, [](const torch::Tensor& tensor) { return tensor.detach(); });
}

TensorList clone(const TensorList& tensors) {
  return map(tensors, [](const torch::Tensor& tensor) { return tensor.detach().clone(); });
}

TensorList zeros_like(const TensorList& tensors) {
  return map(tensors, [](const torch::Tensor& tensor) { return torch::zeros_like(tensor); });
}

TensorList add(const TensorList& a, const TensorList& b, double factor) {
  TORCH_CHECK(a.size() == b.size(), "lists of ", a.size(), " and ", b.size(), " tensors");
  const torch::NoGradGuard no_grad;
  TensorList result;
  result.reserve(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    result.push_back(torch::add(a[i], b[i], factor));
  }
  return result;
}

TensorList scale(const TensorList& a, double factor) {
  const torch::NoGradGuard no_grad;
  return map(a, [factor](const torch::Tensor& tensor) { return tensor * factor; });
}

void add_in_place(TensorList& a, const TensorList& b, double factor) {
  TORCH_CHECK(a.size() == b.size(), "lists of ", a.size(), " and ", b.size(), " tensors");
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < a.size(); ++i) {
    a[i].add_(b[i], factor);
  }
}

double dot(const TensorList& a, const TensorList& b) {
  TORCH_CHECK(a.size() == b.size(), "lists of ", a.size(), " and ", b.size(), " tensors");
  const torch::NoGradGuard no_grad;
  torch::Tensor sum;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto term = (a[i].to(torch::kDouble) * b[i].to(torch::kDouble)).sum();
    sum = sum.defined() ? sum + term : term;
  }
  return sum.defined() ? sum.item<double>() : 0.0;
}

double norm(const TensorList& tensors) { return std::sqrt(dot(tensors, tensors)); }

bool all_finite(const TensorList& tensors) {
  const torch::NoGradGuard no_grad;
  torch::Tensor finite;
  for (const auto& tensor : tensors) {
    const auto here = torch::isfinite(tensor).all();
    finite = finite.defined() ? finite.logical_and(here) : here;
  }
  return !finite.defined() || finite.item<bool>();
}

torch::Tensor flatten(const TensorList& tensors) {
  return torch::cat(map(tensors, [](const torch::Tensor& tensor) { return tensor.reshape({-1}); }));
}

TensorList gradients_of(const torch::Tensor& loss, const TensorList& inputs, bool create_graph,
                        bool retain_graph) {
  if (!loss.requires_grad()) {
    return zeros_like(inputs);
  }
  auto gradients = torch::autograd::grad({loss}, inputs, {}, retain_graph || create_graph,
                                         create_graph, /*allow_unused=*/true);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!gradients[i].defined()) {
      gradients[i] = torch::zeros_like(inputs[i]);
    }
  }
  return gradients;
}

ScopedValues::ScopedValues(const TensorList& parameters, const TensorList& values)
    : parameters_(parameters) {
  TORCH_CHECK(parameters.size() == values.size(), values.size(), " values for ", parameters.size(),
              " parameters");
  // All checks come before the first change: a constructor that throws has no destructor.
  for (size_t i = 0; i < parameters.size(); ++i) {
    TORCH_CHECK(parameters[i].sizes() == values[i].sizes() &&
                    parameters[i].scalar_type() == values[i].scalar_type() &&
                    parameters[i].device() == values[i].device(),
                "value ", i, " differs from its parameter in shape, type or device");
  }
  saved_.reserve(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    saved_.push_back(parameters[i].variable_data());
    parameters_[i].set_data(values[i].detach());
  }
}

ScopedValues::~ScopedValues() {
  for (size_t i = 0; i < saved_.size(); ++i) {
    parameters_[i].set_data(saved_[i]);
  }
}

ScopedBuffers::ScopedBuffers(const torch::nn::Module& module)
    : buffers_(module.buffers()), saved_(clone(buffers_)) {}

ScopedBuffers::~ScopedBuffers() {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < saved_.size(); ++i) {
    // Past the version counter, so that a graph recorded in the scope can still be differentiated.
    buffers_[i].variable_data().copy_(saved_[i]);
  }
}

ScopedMode::ScopedMode(torch::nn::Module& module, bool training)
    : module_(module), saved_(module.is_training()) {
  for (const auto& child : module_.modules(/*include_self=*/false)) {
    children_.emplace_back(child, child->is_training());
  }
  module_.train(training);
}

ScopedMode::~ScopedMode() {
  module_.train(saved_);
  // Parents come before their children, so each module's own mode is set last.
  for (const auto& [child, training] : children_) {
    child->train(training);
  }
}

}  // namespace sanas
