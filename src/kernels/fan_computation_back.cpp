// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "kernels/fan_computation.h"
#include "kernels/fan_steps.h"

namespace sanas::kernels {
namespace {

/// A number as a 0-dimensional parameter's gradient.
template <typename S>
Storage<S> scalar(const Wide<S>& x) {
  auto result = make_storage<S>(1);
  write(result.array(), 0, x);
  for (auto* tensor : {&result.value, &result.tangent}) {
    if (tensor->defined()) {
      *tensor = tensor->view(at::IntArrayRef());
    }
  }
  return result;
}

/// Numbers by lane as a gradient by channel.
template <typename S>
Storage<S> by_channel(const std::vector<Wide<S>>& numbers, const std::vector<int64_t>& channels,
                      int64_t count) {
  auto result = make_storage<S>(count);
  for (size_t lane = 0; lane < channels.size(); ++lane) {
    if (channels[lane] >= 0) {
      write(result.array(), channels[lane], numbers[lane]);
    }
  }
  return result;
}

}  // namespace

template <typename S>
FanGradients<S> FanComputation<S>::backward(const std::vector<Storage<S>>& arriving,
                                            const FanNeeds& needs) {
  FanGradients<S> result;
  result.parameters.resize(input_.parameters.size());
  needs_ = needs;
  make_scratch();
  prepare_back(arriving, result);
  run_step(kernels_.backward_targets, arrays_, scratch_);
  finish_targets(result);
  if (needs_convolutions()) {
    if (has_inner()) {
      run_step(kernels_.backward_inner, arrays_, scratch_);
    }
    finish_inner_norms(result);
    run_step(kernels_.backward_source, arrays_, scratch_);
    take_weights(result);
  }
  return result;
}

template <typename S>
bool FanComputation<S>::needs(int parameter) const {
  return parameter != kNone && needs_.parameters[static_cast<size_t>(parameter)];
}

template <typename S>
bool FanComputation<S>::needs_convolutions() const {
  bool any = needs_.source;
  for (size_t k = 0; k < convolutions_.size(); ++k) {
    const ConvolutionSpec& c = spec_.convolutions[k];
    any = any || needs(c.depthwise) || needs(c.pointwise) || needs(c.shifted_pointwise) ||
          (convolution_memory_[k].inner_norm && (needs(c.norm.scale) || needs(c.norm.shift)));
  }
  return any;
}

template <typename S>
void FanComputation<S>::prepare_back(const std::vector<Storage<S>>& arriving,
                                     FanGradients<S>& result) {
  FanArrays<S>& f = arrays_;
  for (size_t t = 0; t < targets_.size(); ++t) {
    targets_[t].arriving = arriving[t].array();
  }
  for (size_t k = 0; k < convolutions_.size(); ++k) {
    const ConvolutionSpec& spec = spec_.convolutions[k];
    ConvolutionArrays<S>& c = convolutions_[k];
    ConvolutionMemory& memory = convolution_memory_[k];
    if (memory.inner_norm) {
      memory.inner_norm->prepare_slope();
      memory.arriving = make_storage<S>(f.images * f.out_blocks * f.out.pixels() * kLanes);
      c.arriving = memory.arriving.array();
      c.slope = memory.inner_norm->slope();
    }
    if (needs(spec.depthwise)) {
      memory.depthwise_gradient = make_storage<S>(f.groups * memory.depthwise.value.numel());
      c.depthwise_gradient = memory.depthwise_gradient.array();
    }
    if (needs(spec.pointwise) || needs(spec.shifted_pointwise)) {
      memory.pointwise_gradient = make_storage<S>(f.groups * memory.pointwise.value.numel());
      c.pointwise_gradient = memory.pointwise_gradient.array();
    }
  }
  for (size_t k = 0; k < terms_.size(); ++k) {
    TermArrays<S>& term = terms_[k];
    term_norms_[k].prepare_slope();
    term.slope = term_norms_[k].slope();
    if (term.convolution != kNone) {
      ConvolutionArrays<S>& c = convolutions_[static_cast<size_t>(term.convolution)];
      c.arriving = targets_[static_cast<size_t>(term.target)].arriving;
      c.factors = term.factors;
      c.slope = term.slope;
    }
  }
  if (needs_.source) {
    result.source = make_storage<S>(input_.source.value.numel());
    f.source_gradient = result.source.array();
    for (auto* tensor : {&result.source.value, &result.source.tangent}) {
      if (tensor->defined()) {
        *tensor = tensor->view(input_.source.value.sizes());
      }
    }
  }
}

template <typename S>
void FanComputation<S>::take_norm(const NormSpec& norm, const NormGradients<S>& gradients,
                                  FanGradients<S>& result) {
  const auto take = [&](int parameter, const std::vector<Wide<S>>& numbers) {
    if (needs(parameter)) {
      result.parameters[static_cast<size_t>(parameter)] =
          by_channel<S>(numbers, out_lanes_, spec_.out_channels);
    }
  };
  take(norm.scale, gradients.scale);
  take(norm.shift, gradients.shift);
}

template <typename S>
void FanComputation<S>::finish_targets(FanGradients<S>& result) {
  for (size_t k = 0; k < terms_.size(); ++k) {
    const TermSpec& term = spec_.terms[k];
    const auto gradients = term_norms_[k].finish_slope();
    if (needs(term.weight)) {
      result.parameters[static_cast<size_t>(term.weight)] = scalar<S>(gradients.weight);
    }
    if (term.convolution != kNone) {
      take_norm(spec_.convolutions[static_cast<size_t>(term.convolution)].norm, gradients, result);
    } else if (term.pool_norm) {
      take_norm(*term.pool_norm, gradients, result);
    }
  }
}

template <typename S>
void FanComputation<S>::finish_inner_norms(FanGradients<S>& result) {
  for (size_t k = 0; k < convolutions_.size(); ++k) {
    if (auto& norm = convolution_memory_[k].inner_norm) {
      take_norm(spec_.convolutions[k].norm, norm->finish_slope(), result);
    }
  }
}

template <typename S>
void FanComputation<S>::take_weights(FanGradients<S>& result) {
  // Made here and not by the threads, whose memory AllocationMeter does not see.
  const auto make = [&](int k) {
    if (k != kNone) {
      const torch::Tensor& weight = input_.parameters[static_cast<size_t>(k)].value;
      const auto empty = [&] {
        return torch::empty(weight.sizes(), weight.options().requires_grad(false));
      };
      result.parameters[static_cast<size_t>(k)] = {empty(), kIsDual<S> ? empty() : torch::Tensor()};
    }
  };
  for (const auto& spec : spec_.convolutions) {
    if (needs(spec.depthwise)) {
      make(spec.depthwise);
    }
    if (needs(spec.pointwise) || needs(spec.shifted_pointwise)) {
      make(spec.pointwise);
      make(spec.shifted_pointwise);
    }
  }
  run_items(static_cast<int64_t>(convolutions_.size()),
            [&](int64_t k, int /*thread*/) { take_weights(static_cast<size_t>(k), result); });
}

template <typename S>
void FanComputation<S>::take_weights(size_t number, FanGradients<S>& result) {
  using T = Real<S>;
  const ConvolutionSpec& spec = spec_.convolutions[number];
  ConvolutionMemory& memory = convolution_memory_[number];
  const auto part = [&](torch::Tensor Storage<S>::*which) {
    const auto gradient = [&](int k) -> const torch::Tensor& {
      return result.parameters[static_cast<size_t>(k)].*which;
    };
    if (needs(spec.depthwise)) {
      unpack_depthwise((memory.depthwise_gradient.*which).template data_ptr<T>(), arrays_.groups,
                       memory.in_lanes, gradient(spec.depthwise));
    }
    if (memory.pointwise_gradient.defined()) {
      std::vector<torch::Tensor> weights{gradient(spec.pointwise)};
      if (spec.shifted_pointwise != kNone) {
        weights.push_back(gradient(spec.shifted_pointwise));
      }
      unpack_pointwise((memory.pointwise_gradient.*which).template data_ptr<T>(), arrays_.groups,
                       pointwise_lanes(number), weights);
    }
  };
  part(&Storage<S>::value);
  if (kIsDual<S>) {
    part(&Storage<S>::tangent);
  }
}

template FanGradients<float> FanComputation<float>::backward(const std::vector<Storage<float>>&,
                                                             const FanNeeds&);
template FanGradients<double> FanComputation<double>::backward(const std::vector<Storage<double>>&,
                                                               const FanNeeds&);
template FanGradients<Dual<float>> FanComputation<Dual<float>>::backward(
    const std::vector<Storage<Dual<float>>>&, const FanNeeds&);
template FanGradients<Dual<double>> FanComputation<Dual<double>>::backward(
    const std::vector<Storage<Dual<double>>>&, const FanNeeds&);

}  // namespace sanas::kernels
