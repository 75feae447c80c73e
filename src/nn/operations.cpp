// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/operations.h"

#include <algorithm>
#include <map>

#include "sanas/core/error.h"

namespace sanas {
namespace {

using torch::Tensor;

/// Layers in order under the given name ("op" in most of the original modules, no name in some).
class SequentialOperation : public Operation {
 public:
  SequentialOperation(const std::string& name, const torch::nn::Sequential& layers)
      : layers_(layers) {
    register_module(name, layers_);
  }
  Tensor forward(const Tensor& x) override { return layers_->forward(x); }

 private:
  torch::nn::Sequential layers_;
};

/// Layers in order whose numbers are the module's own children.
class FlatSequentialOperation : public Operation {
 public:
  explicit FlatSequentialOperation(const torch::nn::Sequential& layers) : layers_(layers) {
    for (const auto& child : layers_->named_children()) {
      register_module(child.key(), child.value());
    }
  }
  Tensor forward(const Tensor& x) override { return layers_->forward(x); }

 private:
  torch::nn::Sequential layers_;
};

class Identity : public Operation {
 public:
  Tensor forward(const Tensor& x) override { return x; }
  bool is_identity() const override { return true; }
};

Tensor strided(const Tensor& x, int64_t stride) {
  using torch::indexing::Slice;
  return stride == 1 ? x
                     : x.index({Slice(), Slice(),
                                Slice(torch::indexing::None, torch::indexing::None, stride),
                                Slice(torch::indexing::None, torch::indexing::None, stride)});
}

class Zero : public Operation {
 public:
  Zero(int64_t stride, const OperationOptions& options) : stride_(stride), options_(options) {}

  Tensor forward(const Tensor& x) override {
    if (options_.zero == ZeroVariant::kConstant) {
      // Where odd sizes are padded, everything else halves them to the larger size.
      const int64_t rounding = options_.odd_size == OddSize::kPad ? stride_ - 1 : 0;
      return torch::zeros({x.size(0), x.size(1), (x.size(2) + rounding) / stride_,
                           (x.size(3) + rounding) / stride_},
                          x.options());
    }
    return strided(x, stride_) * 0.0;
  }

 private:
  int64_t stride_;
  OperationOptions options_;
};

/// N(0, 1) in the shape of the strided input, drawn anew in every forward pass (method §10).
class Noise : public Operation {
 public:
  explicit Noise(int64_t stride) : stride_(stride) {}
  Tensor forward(const Tensor& x) override {
    return torch::randn_like(strided(x, stride_).detach());
  }
  bool is_random() const override { return true; }

 private:
  int64_t stride_;
};

class FactorizedReduce : public Operation {
 public:
  FactorizedReduce(int64_t in_channels, int64_t out_channels, const OperationOptions& options)
      : odd_size_(options.odd_size) {
    TORCH_CHECK(out_channels % 2 == 0, "FactorizedReduce needs an even number of channels, not ",
                out_channels);
    conv_1_ = register_module("conv_1", make_convolution(in_channels, out_channels / 2, 1, 2, 0));
    conv_2_ = register_module("conv_2", make_convolution(in_channels, out_channels / 2, 1, 2, 0));
    bn_ = register_module("bn", make_batch_norm(out_channels, options));
  }

  Tensor forward(const Tensor& input) override {
    Tensor x = torch::relu(input);
    check_halvable(x, odd_size_);
    const int64_t odd_rows = x.size(2) % 2;
    const int64_t odd_columns = x.size(3) % 2;
    Tensor shifted = x;
    if (odd_rows + odd_columns > 0) {
      shifted = torch::constant_pad_nd(x, {0, odd_columns, 0, odd_rows});
    }
    using torch::indexing::None;
    using torch::indexing::Slice;
    shifted = shifted.index({Slice(), Slice(), Slice(1, None), Slice(1, None)});
    return bn_->forward(torch::cat({conv_1_->forward(x), conv_2_->forward(shifted)}, 1));
  }

 private:
  OddSize odd_size_;
  Convolution conv_1_{nullptr};
  Convolution conv_2_{nullptr};
  BatchNorm bn_{nullptr};
};

std::shared_ptr<Operation> make_sep_conv(int64_t channels, int64_t kernel, int64_t stride,
                                         const OperationOptions& options) {
  const int64_t padding = kernel / 2;
  return std::make_shared<SequentialOperation>(
      "op",
      torch::nn::Sequential(
          torch::nn::ReLU(),
          make_convolution(channels, channels, kernel, stride, padding, 1, channels),
          make_convolution(channels, channels, 1, 1, 0), make_batch_norm(channels, options),
          torch::nn::ReLU(), make_convolution(channels, channels, kernel, 1, padding, 1, channels),
          make_convolution(channels, channels, 1, 1, 0), make_batch_norm(channels, options)));
}

std::shared_ptr<Operation> make_dil_conv(int64_t channels, int64_t kernel, int64_t stride,
                                         const OperationOptions& options) {
  constexpr int64_t kDilation = 2;
  return std::make_shared<SequentialOperation>(
      "op",
      torch::nn::Sequential(
          torch::nn::ReLU(),
          make_convolution(channels, channels, kernel, stride, kernel - 1, kDilation, channels),
          make_convolution(channels, channels, 1, 1, 0), make_batch_norm(channels, options)));
}

std::shared_ptr<Operation> make_conv_7x1_1x7(int64_t channels, int64_t stride,
                                             const OperationOptions& options) {
  return std::make_shared<FlatSequentialOperation>(torch::nn::Sequential(
      torch::nn::ReLU(), make_convolution(channels, channels, {1, 7}, {1, stride}, {0, 3}),
      make_convolution(channels, channels, {7, 1}, {stride, 1}, {3, 0}),
      make_batch_norm(channels, options)));
}

template <typename Pool>
std::shared_ptr<Operation> make_pool(const Pool& pool, int64_t channels,
                                     const OperationOptions& options) {
  torch::nn::Sequential layers(pool);
  if (options.pool_batch_norm) {
    layers->push_back(make_batch_norm(channels, options));
  }
  return std::make_shared<FlatSequentialOperation>(layers);
}

std::shared_ptr<Operation> make_max_pool(int64_t channels, int64_t stride,
                                         const OperationOptions& options) {
  return make_pool(torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(3).stride(stride).padding(1)),
                   channels, options);
}

std::shared_ptr<Operation> make_avg_pool(int64_t channels, int64_t stride,
                                         const OperationOptions& options) {
  return make_pool(
      torch::nn::AvgPool2d(
          torch::nn::AvgPool2dOptions(3).stride(stride).padding(1).count_include_pad(false)),
      channels, options);
}

std::shared_ptr<Operation> make_skip(int64_t channels, int64_t stride,
                                     const OperationOptions& options) {
  return stride == 1 ? std::make_shared<Identity>()
                     : make_factorized_reduce(channels, channels, options);
}

OperationBuilder sep_conv(int64_t kernel) {
  return [kernel](int64_t channels, int64_t stride, const OperationOptions& options) {
    return make_sep_conv(channels, kernel, stride, options);
  };
}

OperationBuilder dil_conv(int64_t kernel) {
  return [kernel](int64_t channels, int64_t stride, const OperationOptions& options) {
    return make_dil_conv(channels, kernel, stride, options);
  };
}

/// Every primitive: one line each.
std::map<Primitive, OperationBuilder>& builders() {
  static std::map<Primitive, OperationBuilder> all{
      {Primitive::kNone,
       [](int64_t, int64_t stride, const OperationOptions& options) {
         return std::make_shared<Zero>(stride, options);
       }},
      {Primitive::kMaxPool3x3, make_max_pool},
      {Primitive::kAvgPool3x3, make_avg_pool},
      {Primitive::kSkipConnect, make_skip},
      {Primitive::kSepConv3x3, sep_conv(3)},
      {Primitive::kSepConv5x5, sep_conv(5)},
      {Primitive::kSepConv7x7, sep_conv(7)},
      {Primitive::kDilConv3x3, dil_conv(3)},
      {Primitive::kDilConv5x5, dil_conv(5)},
      {Primitive::kConv7x1_1x7, make_conv_7x1_1x7},
      {Primitive::kNoise, [](int64_t, int64_t stride,
                             const OperationOptions&) { return std::make_shared<Noise>(stride); }},
  };
  return all;
}

}  // namespace

bool draws_random_numbers(const torch::nn::Module& module) {
  const auto modules = module.modules();
  return std::any_of(modules.begin(), modules.end(), [](const auto& part) {
    const auto* operation = dynamic_cast<const Operation*>(part.get());
    return operation != nullptr && operation->is_random();
  });
}

void check_halvable(const torch::Tensor& x, OddSize odd_size) {
  if (odd_size == OddSize::kError && (x.size(2) % 2 != 0 || x.size(3) % 2 != 0)) {
    throw DataError(
        "a feature map of " + std::to_string(x.size(2)) + "×" + std::to_string(x.size(3)) +
        " can't be halved: choose image sizes divisible by 4, or supernet.odd_size: pad");
  }
}

Convolution make_convolution(int64_t in_channels, int64_t out_channels,
                             torch::ExpandingArray<2> kernel, torch::ExpandingArray<2> stride,
                             torch::ExpandingArray<2> padding, int64_t dilation, int64_t groups) {
  return Convolution(torch::nn::Conv2dOptions(in_channels, out_channels, kernel)
                         .stride(stride)
                         .padding(padding)
                         .dilation(dilation)
                         .groups(groups)
                         .bias(false));
}

BatchNorm make_batch_norm(int64_t channels, const OperationOptions& options) {
  return BatchNorm(torch::nn::BatchNorm2dOptions(channels)
                       .affine(options.affine)
                       .track_running_stats(options.track_running_stats));
}

std::shared_ptr<Operation> make_relu_conv_bn(int64_t in_channels, int64_t out_channels,
                                             const OperationOptions& options) {
  return std::make_shared<SequentialOperation>(
      "op",
      torch::nn::Sequential(torch::nn::ReLU(), make_convolution(in_channels, out_channels, 1, 1, 0),
                            make_batch_norm(out_channels, options)));
}

std::shared_ptr<Operation> make_factorized_reduce(int64_t in_channels, int64_t out_channels,
                                                  const OperationOptions& options) {
  return std::make_shared<FactorizedReduce>(in_channels, out_channels, options);
}

Primitive add_operation(const std::string& name, OperationBuilder build) {
  const Primitive primitive = add_primitive(name);
  builders().emplace(primitive, std::move(build));
  return primitive;
}

std::shared_ptr<Operation> make_operation(Primitive primitive, int64_t channels, int64_t stride,
                                          const OperationOptions& options) {
  const auto found = builders().find(primitive);
  TORCH_CHECK(found != builders().end(), "no operation is registered for ", to_string(primitive));
  return found->second(channels, stride, options);
}

}  // namespace sanas
