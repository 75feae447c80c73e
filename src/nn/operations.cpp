// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/operations.h"

#include <algorithm>
#include <map>

#include "nn/operation_types.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

std::shared_ptr<Operation> make_none(int64_t /*channels*/, int64_t stride,
                                     const OperationOptions& options) {
  return std::make_shared<Zero>(stride, options);
}

std::shared_ptr<Operation> make_noise(int64_t /*channels*/, int64_t stride,
                                      const OperationOptions& /*options*/) {
  return std::make_shared<Noise>(stride);
}

std::shared_ptr<Operation> make_skip(int64_t channels, int64_t stride,
                                     const OperationOptions& options) {
  if (stride == 1) {
    return std::make_shared<Identity>();
  }
  return std::make_shared<FactorizedReduce>(channels, channels, options);
}

template <Pool::Kind kKind>
std::shared_ptr<Operation> make_pool(int64_t channels, int64_t stride,
                                     const OperationOptions& options) {
  return std::make_shared<Pool>(kKind, channels, stride, options);
}

template <typename SeparableOperation, int64_t kKernel>
std::shared_ptr<Operation> make_separable(int64_t channels, int64_t stride,
                                          const OperationOptions& options) {
  return std::make_shared<SeparableOperation>(channels, kKernel, stride, options);
}

std::shared_ptr<Operation> make_conv_7x1_1x7(int64_t channels, int64_t stride,
                                             const OperationOptions& options) {
  return std::make_shared<Conv7x1_1x7>(channels, stride, options);
}

/// Every primitive: one line each.
std::map<Primitive, OperationBuilder>& builders() {
  static std::map<Primitive, OperationBuilder> all{
      {Primitive::kNone, make_none},
      {Primitive::kMaxPool3x3, make_pool<Pool::Kind::kMax>},
      {Primitive::kAvgPool3x3, make_pool<Pool::Kind::kAverage>},
      {Primitive::kSkipConnect, make_skip},
      {Primitive::kSepConv3x3, make_separable<SepConv, 3>},
      {Primitive::kSepConv5x5, make_separable<SepConv, 5>},
      {Primitive::kSepConv7x7, make_separable<SepConv, 7>},
      {Primitive::kDilConv3x3, make_separable<DilConv, 3>},
      {Primitive::kDilConv5x5, make_separable<DilConv, 5>},
      {Primitive::kConv7x1_1x7, make_conv_7x1_1x7},
      {Primitive::kNoise, make_noise},
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
                             torch::ExpandingArray<2> padding) {
  return Convolution(torch::nn::Conv2dOptions(in_channels, out_channels, kernel)
                         .stride(stride)
                         .padding(padding)
                         .bias(false));
}

BatchNorm make_batch_norm(int64_t channels, const OperationOptions& options) {
  return BatchNorm(torch::nn::BatchNorm2dOptions(channels)
                       .affine(options.affine)
                       .track_running_stats(options.track_running_stats));
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
