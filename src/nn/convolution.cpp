// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/convolution.h"

#include <ATen/autocast_mode.h>
#include <torch/autograd.h>

namespace sanas {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// A convolution C(x, w) is linear in both arguments. So are its two adjoints, X(g, w), the gradient
// of ⟨g, C(x, w)⟩ in x, and W(g, x), the one in w, and the gradients of each of the three are the
// other two:
//
//     ∂⟨h, C(x, w)⟩ = X(h, w) dx + W(h, x) dw
//     ∂⟨h, X(g, w)⟩ = C(h, w) dg + W(g, h) dw
//     ∂⟨h, W(g, x)⟩ = C(x, h) dg + X(g, h) dx

void keep(AutogradContext* context, const ConvolutionGeometry& geometry) {
  context->saved_data["stride"] = geometry.stride;
  context->saved_data["padding"] = geometry.padding;
  context->saved_data["dilation"] = geometry.dilation;
  context->saved_data["groups"] = geometry.groups;
}

ConvolutionGeometry kept_geometry(AutogradContext* context) {
  return {context->saved_data["stride"].toIntVector(), context->saved_data["padding"].toIntVector(),
          context->saved_data["dilation"].toIntVector(), context->saved_data["groups"].toInt()};
}

/// X(g, w) and W(g, x), those that are asked for.
std::pair<Tensor, Tensor> adjoints(const Tensor& g, const Tensor& x, const Tensor& w,
                                   const ConvolutionGeometry& o, bool of_x, bool of_w) {
  const auto [of_input, of_weight, of_bias] = at::convolution_backward(
      g, x, w, /*bias_sizes=*/c10::nullopt, o.stride, o.padding, o.dilation,
      /*transposed=*/false, /*output_padding=*/{0, 0}, o.groups, {of_x, of_w, false});
  return {of_input, of_weight};
}

/// C(x, w).
struct Forward : Function<Forward> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& w,
                        const ConvolutionGeometry& geometry);
  static variable_list backward(AutogradContext* context, const variable_list& gradients);
};

/// X(g, w); only the shape of `x` matters.
struct InputAdjoint : Function<InputAdjoint> {
  static Tensor forward(AutogradContext* context, const Tensor& g, const Tensor& w, const Tensor& x,
                        const ConvolutionGeometry& geometry);
  static variable_list backward(AutogradContext* context, const variable_list& gradients);
};

/// W(g, x); only the shape of `w` matters.
struct WeightAdjoint : Function<WeightAdjoint> {
  static Tensor forward(AutogradContext* context, const Tensor& g, const Tensor& x, const Tensor& w,
                        const ConvolutionGeometry& geometry);
  static variable_list backward(AutogradContext* context, const variable_list& gradients);
};

Tensor Forward::forward(AutogradContext* context, const Tensor& x, const Tensor& w,
                        const ConvolutionGeometry& geometry) {
  context->save_for_backward({x, w});
  keep(context, geometry);
  return at::conv2d(x, w, {}, geometry.stride, geometry.padding, geometry.dilation,
                    geometry.groups);
}

variable_list Forward::backward(AutogradContext* context, const variable_list& gradients) {
  const auto saved = context->get_saved_variables();
  const auto& [h, x, w] = std::tie(gradients[0], saved[0], saved[1]);
  const auto geometry = kept_geometry(context);
  const bool of_x = context->needs_input_grad(0);
  const bool of_w = context->needs_input_grad(1);
  if (!at::GradMode::is_enabled()) {  // both at once
    const auto [gx, gw] = adjoints(h, x, w, geometry, of_x, of_w);
    return {gx, gw, {}};
  }
  return {of_x ? InputAdjoint::apply(h, w, x, geometry) : Tensor(),
          of_w ? WeightAdjoint::apply(h, x, w, geometry) : Tensor(),
          {}};
}

Tensor InputAdjoint::forward(AutogradContext* context, const Tensor& g, const Tensor& w,
                             const Tensor& x, const ConvolutionGeometry& geometry) {
  context->save_for_backward({g, w});
  keep(context, geometry);
  return adjoints(g, x, w, geometry, true, false).first;
}

variable_list InputAdjoint::backward(AutogradContext* context, const variable_list& gradients) {
  const auto saved = context->get_saved_variables();
  const auto& [h, g, w] = std::tie(gradients[0], saved[0], saved[1]);
  const auto geometry = kept_geometry(context);
  return {context->needs_input_grad(0) ? Forward::apply(h, w, geometry) : Tensor(),
          context->needs_input_grad(1) ? WeightAdjoint::apply(g, h, w, geometry) : Tensor(),
          {},
          {}};
}

Tensor WeightAdjoint::forward(AutogradContext* context, const Tensor& g, const Tensor& x,
                              const Tensor& w, const ConvolutionGeometry& geometry) {
  context->save_for_backward({g, x});
  keep(context, geometry);
  return adjoints(g, x, w, geometry, false, true).second;
}

variable_list WeightAdjoint::backward(AutogradContext* context, const variable_list& gradients) {
  const auto saved = context->get_saved_variables();
  const auto& [h, g, x] = std::tie(gradients[0], saved[0], saved[1]);
  const auto geometry = kept_geometry(context);
  return {context->needs_input_grad(0) ? Forward::apply(x, h, geometry) : Tensor(),
          context->needs_input_grad(1) ? InputAdjoint::apply(g, h, x, geometry) : Tensor(),
          {},
          {}};
}

}  // namespace

Tensor convolution(const Tensor& x, const Tensor& weight, const ConvolutionGeometry& geometry) {
  return Forward::apply(x, weight, geometry);
}

ConvolutionImpl::ConvolutionImpl(const torch::nn::Conv2dOptions& options)
    : torch::nn::Conv2dImpl(options),
      geometry_{{options.stride()->begin(), options.stride()->end()},
                {},
                {options.dilation()->begin(), options.dilation()->end()},
                options.groups()} {
  TORCH_CHECK(!options.bias(), "a convolution here has no bias");
  const auto& padding = std::get<torch::ExpandingArray<2>>(options.padding());
  geometry_.padding.assign(padding->begin(), padding->end());
}

Tensor ConvolutionImpl::forward(const Tensor& x) {
  // Automatic mixed precision casts inside of LibTorch's own operator, where its gradient casts
  // back.
  return at::autocast::is_autocast_enabled(x.device().type()) ? Conv2dImpl::forward(x)
                                                              : convolution(x, weight, geometry_);
}

}  // namespace sanas
