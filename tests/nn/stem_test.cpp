// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/stem.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "sanas/nn/cost.h"
#include "support/device.h"
#include "support/fill.h"

namespace sanas {
namespace {

using Sizes = std::vector<int64_t>;

TEST(Stem, ForCifarKeepsTheSizeAndIsAffine) {
  auto stem = make_cifar_stem(12);
  stem->to(test_device(), torch::kDouble);
  EXPECT_EQ(count_parameters(*stem), 12 * 3 * 9 + 2 * 12);
  const auto y = stem->forward(input_pattern({2, 3, 32, 32}).to(test_device()));
  EXPECT_EQ(y.sizes(), (Sizes{2, 12, 32, 32}));
  EXPECT_LT(y.min().item<double>(), 0.0) << "no ReLU at the end";
}

TEST(Stem, ForImageNetHalvesTwiceAndOnceMore) {
  auto stem0 = make_imagenet_stem0(8);
  auto stem1 = make_imagenet_stem1(8);
  stem0->to(test_device(), torch::kDouble);
  stem1->to(test_device(), torch::kDouble);
  // darts-family §5.3: 3 → C/2 → C, then C → C, all 3×3 with affine batch norms.
  EXPECT_EQ(count_parameters(*stem0), 4 * 27 + 8 + 8 * 36 + 16);
  EXPECT_EQ(count_parameters(*stem1), 8 * 72 + 16);
  const auto s0 = stem0->forward(input_pattern({1, 3, 64, 48}).to(test_device()));
  EXPECT_EQ(s0.sizes(), (Sizes{1, 8, 16, 12}));
  EXPECT_EQ(stem1->forward(s0).sizes(), (Sizes{1, 8, 8, 6}));
  EXPECT_TRUE(stem0->named_parameters().contains("4.weight"));
  EXPECT_TRUE(stem1->named_parameters().contains("2.weight"));
}

}  // namespace
}  // namespace sanas
