// SPDX-License-Identifier: Apache-2.0
#include "nn/drop_path.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "sanas/core/random.h"
#include "support/device.h"

namespace sanas {
namespace {

torch::TensorOptions options() { return torch::dtype(torch::kDouble).device(test_device()); }

TEST(DropPath, ZeroIsTheSameTensorAndDrawsNothing) {
  const FrozenRandomness frozen(1);
  const auto before = at::detail::getDefaultCPUGenerator().get_state();
  const auto x = torch::ones({2, 3, 4, 4}, options());
  EXPECT_TRUE(drop_path(x, 0.0).is_same(x));
  EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), before));
}

TEST(DropPath, DropsWholeExamplesAndScalesTheOthers) {
  const FrozenRandomness frozen(1);
  const auto x = torch::linspace(1.0, 2.0, 200 * 3 * 4, options()).view({200, 3, 2, 2});
  const auto y = drop_path(x, 0.3);
  int64_t kept = 0;
  for (int64_t i = 0; i < x.size(0); ++i) {
    if (y[i][0][0][0].item<double>() != 0.0) {
      ++kept;
      EXPECT_TRUE(torch::allclose(y[i], x[i] / 0.7, 1e-15)) << i;
    } else {
      EXPECT_EQ(y[i].abs().sum().item<double>(), 0.0) << i;
    }
  }
  // 200 · 0.7 with a standard deviation of 6.5.
  EXPECT_NEAR(static_cast<double>(kept), 140.0, 26.0);
}

TEST(DropPath, KeepsTheExpectation) {
  const FrozenRandomness frozen(2);
  const auto x = torch::ones({100000, 1, 1, 1}, options());
  for (const double p : {0.1, 0.2, 0.5, 0.9}) {
    // Standard error √(p/(1−p)/100000): 0.0095 at p = 0.9.
    EXPECT_NEAR(drop_path(x, p).mean().item<double>(), 1.0, 4.0 * std::sqrt(p / (1.0 - p) / 1e5))
        << p;
  }
}

TEST(DropPath, PassesTheGradientOfKeptExamplesOnly) {
  const FrozenRandomness frozen(3);
  const auto x = torch::ones({50, 1, 1, 1}, options()).requires_grad_(true);
  const auto y = drop_path(x, 0.4);
  y.sum().backward();
  EXPECT_TRUE(torch::equal(x.grad(), y.detach()));
}

TEST(DropPath, RefusesToDropEverything) {
  EXPECT_THROW(drop_path(torch::ones({1, 1, 1, 1}, options()), 1.0), c10::Error);
}

}  // namespace
}  // namespace sanas
