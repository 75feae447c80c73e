// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/parameters.h"

#include <torch/autograd.h>
#include <torch/utils.h>

#include <cmath>
#include <map>
#include <tuple>

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

void check_lengths(const TensorList& a, const TensorList& b) {
  TORCH_CHECK(a.size() == b.size(), "lists of ", a.size(), " and ", b.size(), " tensors");
}

/// `gradient` with the strides of `input`: that of one convolution whose images are channels-last
/// has others.
torch::Tensor laid_out_like(const torch::Tensor& input, const torch::Tensor& gradient) {
  const torch::NoGradGuard no_grad;
  for (int64_t d = 0; d < input.dim(); ++d) {
    if (input.size(d) > 1 && input.stride(d) != gradient.stride(d)) {
      return torch::empty_like(input).copy_(gradient);
    }
  }
  return gradient;
}

/// What autograd gave, with zeros where it gave nothing, in the layout of the inputs.
TensorList completed(TensorList gradients, const TensorList& inputs, bool create_graph) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!gradients[i].defined()) {
      gradients[i] = torch::zeros_like(inputs[i]);
    } else if (!create_graph) {
      gradients[i] = laid_out_like(inputs[i], gradients[i]);
    }
  }
  return gradients;
}

}  // namespace

TensorList detach(const TensorList& tensors) {
  return map(tensors, [](const torch::Tensor& tensor) { return tensor.detach(); });
}

TensorList clone(const TensorList& tensors) {
  const TensorList values = detach(tensors);
  TensorList copies = map(values, [](const auto& tensor) { return torch::empty_like(tensor); });
  copy_in_place(copies, values);
  return copies;
}

TensorList zeros_like(const TensorList& tensors) {
  const torch::NoGradGuard no_grad;
  TensorList zeros = map(tensors, [](const auto& tensor) { return torch::empty_like(tensor); });
  if (!zeros.empty()) {
    at::_foreach_zero_(zeros);
  }
  return zeros;
}

TensorList add(const TensorList& a, const TensorList& b, double factor) {
  check_lengths(a, b);
  const torch::NoGradGuard no_grad;
  return a.empty() ? TensorList{} : at::_foreach_add(a, b, factor);
}

TensorList scale(const TensorList& a, double factor) {
  const torch::NoGradGuard no_grad;
  return a.empty() ? TensorList{} : at::_foreach_mul(a, factor);
}

void add_in_place(TensorList& a, const TensorList& b, double factor) {
  check_lengths(a, b);
  const torch::NoGradGuard no_grad;
  if (!a.empty()) {
    at::_foreach_add_(a, b, factor);
  }
}

void copy_in_place(const TensorList& to, const TensorList& from) {
  check_lengths(to, from);
  const torch::NoGradGuard no_grad;
  // Only tensors of one type on one device are copied together: buffers are of several.
  using Kind = std::tuple<c10::DeviceType, c10::DeviceIndex, c10::ScalarType>;
  std::map<Kind, std::pair<TensorList, TensorList>> groups;
  for (size_t i = 0; i < to.size(); ++i) {
    auto& [targets, sources] =
        groups[{to[i].device().type(), to[i].device().index(), to[i].scalar_type()}];
    targets.push_back(to[i]);
    sources.push_back(from[i]);
  }
  for (auto& [kind, group] : groups) {
    at::_foreach_copy_(group.first, group.second);
  }
}

double dot(const TensorList& a, const TensorList& b) {
  check_lengths(a, b);
  if (a.empty()) {
    return 0.0;
  }
  const torch::NoGradGuard no_grad;
  return (flatten(a).to(torch::kDouble) * flatten(b).to(torch::kDouble)).sum().item<double>();
}

double norm(const TensorList& tensors) {
  if (tensors.empty()) {
    return 0.0;
  }
  const torch::NoGradGuard no_grad;
  return std::sqrt(flatten(tensors).to(torch::kDouble).square().sum().item<double>());
}

bool all_finite(const TensorList& tensors) {
  const torch::NoGradGuard no_grad;
  return tensors.empty() || flatten(tensors).isfinite().all().item<bool>();
}

torch::Tensor flatten(const TensorList& tensors) {
  return torch::cat(map(tensors, [](const torch::Tensor& tensor) { return tensor.reshape({-1}); }));
}

std::vector<double> to_host(const TensorList& tensors) {
  if (tensors.empty()) {
    return {};
  }
  const torch::NoGradGuard no_grad;
  const auto values =
      flatten(map(tensors, [](const torch::Tensor& t) { return t.to(torch::kDouble); })).cpu();
  return {values.data_ptr<double>(), values.data_ptr<double>() + values.numel()};
}

TensorList gradients_of(const torch::Tensor& loss, const TensorList& inputs, bool create_graph,
                        bool retain_graph) {
  if (!loss.requires_grad()) {
    return zeros_like(inputs);
  }
  return completed(torch::autograd::grad({loss}, inputs, {}, retain_graph || create_graph,
                                         create_graph, /*allow_unused=*/true),
                   inputs, create_graph);
}

TensorList gradients_of(const TensorList& outputs, const TensorList& inputs,
                        const TensorList& weights, bool retain_graph) {
  if (outputs.empty()) {
    return zeros_like(inputs);
  }
  return completed(torch::autograd::grad(outputs, inputs, weights, retain_graph,
                                         /*create_graph=*/false, /*allow_unused=*/true),
                   inputs, /*create_graph=*/false);
}

TensorList laid_out_like(const TensorList& counterparts, const TensorList& tensors) {
  check_lengths(counterparts, tensors);
  TensorList result = detach(tensors);
  for (size_t i = 0; i < result.size(); ++i) {
    result[i] = laid_out_like(counterparts[i], result[i]);
  }
  return result;
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

ScopedConstants::ScopedConstants(const TensorList& tensors) {
  for (const auto& tensor : tensors) {
    if (tensor.requires_grad()) {
      variables_.push_back(tensor);
    }
  }
  for (auto& variable : variables_) {
    variable.set_requires_grad(false);
  }
}

ScopedConstants::~ScopedConstants() {
  for (auto& variable : variables_) {
    variable.set_requires_grad(true);
  }
}

ScopedBuffers::ScopedBuffers(TensorList buffers)
    : buffers_(std::move(buffers)), saved_(clone(buffers_)) {}

ScopedBuffers::~ScopedBuffers() {
  if (!saved_.empty()) {
    // Past the version counter, so that a graph recorded in the scope can still be differentiated.
    copy_in_place(map(buffers_, [](const auto& buffer) { return buffer.variable_data(); }), saved_);
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
