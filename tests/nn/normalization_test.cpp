// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/normalization.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <future>
#include <vector>

#include "sanas/core/parameters.h"
#include "support/device.h"
#include "support/fill.h"

namespace sanas {
namespace {

TEST(PixelNormalization, IsPerChannel) {
  const PixelNormalization normalization{{0.1, 0.2, 0.3}, {0.5, 0.25, 2.0}};
  const auto x = input_pattern({2, 3, 2, 2}).to(test_device());
  const auto y = normalization(x);
  const double mean[] = {0.1, 0.2, 0.3};
  const double std[] = {0.5, 0.25, 2.0};
  for (int64_t c = 0; c < 3; ++c) {
    EXPECT_TRUE(torch::allclose(y.select(1, c), (x.select(1, c) - mean[c]) / std[c], 1e-15)) << c;
  }
  EXPECT_EQ(y.scalar_type(), x.scalar_type());
}

TEST(PixelNormalization, PassesTheGradientDividedByTheDeviation) {
  const PixelNormalization normalization{{0.1, 0.2, 0.3}, {0.5, 0.25, 2.0}};
  const auto x = input_pattern({1, 3, 1, 1}).to(test_device()).requires_grad_(true);
  const auto slope = gradients_of(normalization(x).sum(), {x})[0].flatten().cpu();
  EXPECT_TRUE(torch::equal(slope, torch::tensor({2.0, 4.0, 0.5}, torch::kDouble)));
}

TEST(PixelNormalization, FollowsItsValuesAndTheTypeOfThePixels) {
  PixelNormalization normalization{{0.0, 0.0, 0.0}, {2.0, 2.0, 2.0}};
  const auto x = torch::ones({1, 3, 1, 1}, test_device());
  const PixelNormalization copy = normalization;
  EXPECT_EQ(normalization(x).max().item<float>(), 0.5F);
  EXPECT_EQ(normalization(x.to(torch::kDouble)).scalar_type(), torch::kDouble);
  normalization.mean = {1.0, 1.0, 1.0};
  EXPECT_EQ(normalization(x).max().item<float>(), 0.0F);
  EXPECT_EQ(copy(x).max().item<float>(), 0.5F);
}

TEST(PixelNormalization, IsTheSameInSeveralThreadsAndAfterInferenceMode) {
  const PixelNormalization normalization{{0.1, 0.2, 0.3}, {0.5, 0.25, 2.0}};
  const auto x = input_pattern({2, 3, 2, 2}).to(test_device());
  {
    const c10::InferenceMode inference;
    normalization(x);
  }
  const auto expected = normalization(x);
  std::vector<std::future<bool>> same;
  for (int i = 0; i < 4; ++i) {
    same.push_back(std::async(std::launch::async, [&] {
      const auto variable = x.clone().requires_grad_(true);
      const auto y = normalization(variable);
      return y.detach().equal(expected) && gradients_of(y.sum(), {variable})[0].defined();
    }));
  }
  for (auto& result : same) {
    EXPECT_TRUE(result.get());
  }
}

TEST(PixelNormalization, TheDefaultIsTheSameTensor) {
  const auto x = input_pattern({2, 3, 2, 2}).to(test_device());
  EXPECT_TRUE(PixelNormalization{}(x).is_same(x));
}

}  // namespace
}  // namespace sanas
