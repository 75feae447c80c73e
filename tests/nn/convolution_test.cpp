// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/convolution.h"

#include <gtest/gtest.h>

#include "sanas/core/parameters.h"
#include "support/device.h"
#include "support/fill.h"

namespace sanas {
namespace {

struct Case {
  int64_t in;
  int64_t out;
  int64_t kernel;
  ConvolutionGeometry geometry;
};

class ConvolutionTest : public testing::TestWithParam<Case> {
 protected:
  torch::Tensor leaf(torch::IntArrayRef sizes, int64_t t) const {
    return fill_wave(c10::multiply_integers(sizes), t)
        .view(sizes)
        .to(test_device())
        .requires_grad_(true);
  }

  const Case& c() const { return GetParam(); }
  torch::Tensor x_ = leaf({2, c().in, 9, 8}, 1);
  torch::Tensor w_ = leaf({c().out, c().in / c().geometry.groups, c().kernel, c().kernel}, 2);

  torch::Tensor ours() const { return convolution(x_, w_, c().geometry); }
  torch::Tensor libtorch() const {
    const auto& o = c().geometry;
    return torch::conv2d(x_, w_, {}, o.stride, o.padding, o.dilation, o.groups);
  }

  /// A number that depends on all derivatives of y³ of the given order: each is summed up with
  /// weights and differentiated again.
  TensorList derivative(torch::Tensor y, int order) const {
    torch::Tensor number = y.pow(3).sum();
    TensorList gradients;
    for (int k = 1; k <= order; ++k) {
      gradients = gradients_of(number, {x_, w_}, /*create_graph=*/k < order);
      number = torch::zeros({}, x_.options());
      for (size_t i = 0; i < gradients.size() && k < order; ++i) {
        const auto weights = fill_wave(gradients[i].numel(), k + 5 * static_cast<int64_t>(i))
                                 .view(gradients[i].sizes())
                                 .to(test_device());
        number = number + (gradients[i] * weights).sum();
      }
    }
    return gradients;
  }
};

TEST_P(ConvolutionTest, IsLibTorchsBitForBit) {
  EXPECT_TRUE(torch::equal(ours(), libtorch()));
  const auto found = derivative(ours(), 1);
  const auto expected = derivative(libtorch(), 1);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_TRUE(torch::equal(found[i], expected[i]));
  }
}

TEST_P(ConvolutionTest, HasTheSameHigherDerivatives) {
  for (const int order : {2, 3}) {
    const auto found = derivative(ours(), order);
    const auto expected = derivative(libtorch(), order);
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_GT(expected[i].abs().max().item<double>(), 0.0);
      EXPECT_TRUE(torch::allclose(found[i], expected[i], 1e-10, 1e-10)) << order << " " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Geometries, ConvolutionTest,
                         testing::Values(Case{4, 6, 1, {{1, 1}, {0, 0}, {1, 1}, 1}},
                                         Case{4, 4, 3, {{1, 1}, {1, 1}, {1, 1}, 4}},
                                         Case{4, 4, 5, {{2, 2}, {4, 4}, {2, 2}, 4}},
                                         Case{4, 6, 3, {{2, 1}, {1, 0}, {1, 2}, 2}},
                                         Case{3, 4, 3, {{2, 2}, {1, 1}, {1, 1}, 1}}));

TEST(ConvolutionModule, HasTheNamesAndTheOptionsOfLibTorchs) {
  Convolution module(
      torch::nn::Conv2dOptions(4, 4, 3).groups(4).padding(2).dilation(2).bias(false));
  EXPECT_EQ(module->named_parameters().keys(), std::vector<std::string>{"weight"});
  EXPECT_NE(module->as<torch::nn::Conv2dImpl>(), nullptr);
  const auto x = fill_wave(2 * 4 * 6 * 6, 3).view({2, 4, 6, 6}).to(torch::kFloat32);
  const torch::nn::Conv2dImpl& plain = *module;
  EXPECT_TRUE(torch::equal(module->forward(x),
                           torch::conv2d(x, plain.weight, {}, {1, 1}, {2, 2}, {2, 2}, 4)));
}

}  // namespace
}  // namespace sanas
