// SPDX-License-Identifier: Apache-2.0
#include "nn/operation_types.h"

#include <string>

namespace sanas {
namespace {

using torch::Tensor;
using torch::indexing::None;
using torch::indexing::Slice;

/// The child in which most of the original modules number their layers.
torch::nn::Module& add_op(torch::nn::Module& operation) {
  return *operation.register_module("op", std::make_shared<torch::nn::Module>());
}

Tensor strided(const Tensor& x, int64_t stride) {
  return stride == 1
             ? x
             : x.index({Slice(), Slice(), Slice(None, None, stride), Slice(None, None, stride)});
}

}  // namespace

SeparableStage::SeparableStage(int64_t channels, const Window& window,
                               const OperationOptions& options)
    : window_(window),
      depthwise_(torch::nn::Conv2dOptions(channels, channels, window.kernel)
                     .stride(window.stride)
                     .padding(window.padding())
                     .dilation(window.dilation)
                     .groups(channels)
                     .bias(false)),
      pointwise_(make_convolution(channels, channels, 1, 1, 0)),
      norm_(make_batch_norm(channels, options)) {}

void SeparableStage::register_in(torch::nn::Module& parent, int number) const {
  parent.register_module(std::to_string(number), depthwise_);
  parent.register_module(std::to_string(number + 1), pointwise_);
  parent.register_module(std::to_string(number + 2), norm_);
}

Tensor SeparableStage::forward(const Tensor& x) {
  return norm_->forward(pointwise_->forward(depthwise_->forward(torch::relu(x))));
}

SepConv::SepConv(int64_t channels, int64_t kernel, int64_t stride, const OperationOptions& options)
    : first_(channels, {.kernel = kernel, .stride = stride}, options),
      second_(channels, {.kernel = kernel}, options) {
  auto& op = add_op(*this);
  first_.register_in(op, 1);
  second_.register_in(op, 5);
}

Tensor SepConv::forward(const Tensor& x) { return second_.forward(first_.forward(x)); }

DilConv::DilConv(int64_t channels, int64_t kernel, int64_t stride, const OperationOptions& options)
    : stage_(channels, {.kernel = kernel, .stride = stride, .dilation = 2}, options) {
  stage_.register_in(add_op(*this), 1);
}

Conv7x1_1x7::Conv7x1_1x7(int64_t channels, int64_t stride, const OperationOptions& options)
    : stride_(stride),
      along_row_(make_convolution(channels, channels, {1, 7}, {1, stride}, {0, 3})),
      along_column_(make_convolution(channels, channels, {7, 1}, {stride, 1}, {3, 0})),
      norm_(make_batch_norm(channels, options)) {
  register_module("1", along_row_);
  register_module("2", along_column_);
  register_module("3", norm_);
}

Tensor Conv7x1_1x7::forward(const Tensor& x) {
  return norm_->forward(along_column_->forward(along_row_->forward(torch::relu(x))));
}

Pool::Pool(Kind kind, int64_t channels, int64_t stride, const OperationOptions& options)
    : kind_(kind), window_{.kernel = 3, .stride = stride} {
  if (options.pool_batch_norm) {
    norm_ = register_module("1", make_batch_norm(channels, options));
  }
}

Tensor Pool::forward(const Tensor& x) {
  const auto [kernel, stride, dilation] = window_;
  const int64_t padding = window_.padding();
  const auto y = kind_ == Kind::kMax
                     ? torch::max_pool2d(x, kernel, stride, padding, dilation)
                     : torch::avg_pool2d(x, kernel, stride, padding, /*ceil_mode=*/false,
                                         /*count_include_pad=*/false);
  return norm_.is_empty() ? y : norm_->forward(y);
}

ReluConvBn::ReluConvBn(int64_t in_channels, int64_t out_channels, const OperationOptions& options)
    : convolution_(make_convolution(in_channels, out_channels, 1, 1, 0)),
      norm_(make_batch_norm(out_channels, options)) {
  auto& op = add_op(*this);
  op.register_module("1", convolution_);
  op.register_module("2", norm_);
}

Tensor ReluConvBn::forward(const Tensor& x) {
  return norm_->forward(convolution_->forward(torch::relu(x)));
}

FactorizedReduce::FactorizedReduce(int64_t in_channels, int64_t out_channels,
                                   const OperationOptions& options)
    : odd_size_(options.odd_size) {
  TORCH_CHECK(out_channels % 2 == 0, "FactorizedReduce needs an even number of channels, not ",
              out_channels);
  unshifted_ = register_module("conv_1", make_convolution(in_channels, out_channels / 2, 1, 2, 0));
  shifted_ = register_module("conv_2", make_convolution(in_channels, out_channels / 2, 1, 2, 0));
  norm_ = register_module("bn", make_batch_norm(out_channels, options));
}

Tensor FactorizedReduce::forward(const Tensor& input) {
  const Tensor x = torch::relu(input);
  check_halvable(x, odd_size_);
  const int64_t odd_rows = x.size(2) % 2;
  const int64_t odd_columns = x.size(3) % 2;
  Tensor moved = x;
  if (odd_rows + odd_columns > 0) {
    moved = torch::constant_pad_nd(x, {0, odd_columns, 0, odd_rows});
  }
  moved = moved.index({Slice(), Slice(), Slice(1, None), Slice(1, None)});
  const Tensor half = unshifted_->forward(x);
  return norm_->forward(torch::cat({half, shifted_->forward(moved)}, 1));
}

Zero::Zero(int64_t stride, const OperationOptions& options)
    : stride_(stride), variant_(options.zero), odd_size_(options.odd_size) {}

Tensor Zero::forward(const Tensor& x) {
  if (variant_ == ZeroVariant::kConstant) {
    // Where odd sizes are padded, everything else halves them to the larger size.
    const int64_t rounding = odd_size_ == OddSize::kPad ? stride_ - 1 : 0;
    return torch::zeros(
        {x.size(0), x.size(1), (x.size(2) + rounding) / stride_, (x.size(3) + rounding) / stride_},
        x.options());
  }
  return strided(x, stride_) * 0.0;
}

Tensor Noise::forward(const Tensor& x) { return torch::randn_like(strided(x, stride_).detach()); }

}  // namespace sanas
