// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/initialization.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include <cmath>

#include "sanas/core/parameters.h"
#include "sanas/core/random.h"
#include "sanas/nn/operations.h"
#include "support/device.h"

namespace sanas {
namespace {

torch::nn::Sequential network() {
  Convolution depthwise(torch::nn::Conv2dOptions(64, 64, 3).padding(1).groups(64).bias(false));
  torch::nn::Sequential layers(depthwise, make_convolution(64, 64, 1, 1, 0),
                               make_batch_norm(64, {}), torch::nn::Linear(64, 64));
  layers->to(test_device());
  return layers;
}

/// The 64·9 draws of the depthwise weight reach 98 % of their bound but for (0.98)^576 ≈ 1e-5.
void expect_uniform(const torch::Tensor& weight, double bound) {
  const double largest = weight.abs().max().item<double>();
  EXPECT_LE(largest, bound * (1.0 + 1e-6));
  EXPECT_GE(largest, bound * 0.98);
}

TEST(Initialization, ModernBoundsCountTheChannelsOfAGroup) {
  const FrozenRandomness frozen(1);
  auto layers = network();
  const auto before = clone(layers->parameters());
  initialize(*layers, Initialization::kModern);
  const auto parameters = layers->named_parameters();
  expect_uniform(parameters["0.weight"], 1.0 / std::sqrt(9.0));
  expect_uniform(parameters["1.weight"], 1.0 / std::sqrt(64.0));
  EXPECT_TRUE((parameters["2.weight"] == 1.0).all().item<bool>());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(torch::equal(before[i], parameters[i].value())) << "nothing to do";
  }
}

TEST(Initialization, Of2018IgnoresTheGroupsAndDrawsBatchNormScales) {
  const FrozenRandomness frozen(1);
  auto layers = network();
  const auto linear = layers->named_parameters()["3.weight"].detach().clone();
  initialize(*layers, Initialization::k2018);
  const auto parameters = layers->named_parameters();
  expect_uniform(parameters["0.weight"], 1.0 / std::sqrt(64.0 * 9.0));
  expect_uniform(parameters["1.weight"], 1.0 / std::sqrt(64.0));
  const auto scale = parameters["2.weight"];
  EXPECT_GE(scale.min().item<double>(), 0.0);
  EXPECT_LE(scale.max().item<double>(), 1.0);
  EXPECT_NEAR(scale.mean().item<double>(), 0.5, 4 * 0.289 / 8.0);
  EXPECT_GT(scale.std().item<double>(), 0.2);
  EXPECT_TRUE((parameters["2.bias"] == 0.0).all().item<bool>());
  EXPECT_TRUE(torch::equal(parameters["3.weight"], linear)) << "linear layers start as today";
}

TEST(Initialization, Of2018AcceptsBatchNormsWithoutScale) {
  OperationOptions options;
  options.affine = false;
  auto operation = make_operation(Primitive::kSepConv3x3, 64, 1, options);
  initialize(*operation, Initialization::k2018);
  expect_uniform(operation->named_parameters()["op.5.weight"], 1.0 / std::sqrt(64.0 * 9.0));
}

}  // namespace
}  // namespace sanas
