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
  torch::nn::Module network;
  Stem stem(network, NetworkKind::kCifar, 12);
  network.to(test_device(), torch::kDouble);
  EXPECT_EQ(count_parameters(network), 12 * 3 * 9 + 2 * 12);
  EXPECT_EQ(network.named_parameters().keys(),
            (std::vector<std::string>{"stem.0.weight", "stem.1.weight", "stem.1.bias"}));
  const auto [s0, s1] = stem.forward(input_pattern({2, 3, 32, 32}).to(test_device()));
  EXPECT_EQ(s0.sizes(), (Sizes{2, 12, 32, 32}));
  EXPECT_LT(s0.min().item<double>(), 0.0) << "no ReLU at the end";
  EXPECT_TRUE(s1.is_same(s0));
  EXPECT_EQ(stem.channels(), 12);
  EXPECT_FALSE(stem.halves());
}

TEST(Stem, ForImageNetHalvesTwiceAndOnceMore) {
  torch::nn::Module network;
  Stem stem(network, NetworkKind::kImageNet, 8);
  network.to(test_device(), torch::kDouble);
  // darts-family §5.3: 3 → C/2 → C, then C → C, all 3×3 with affine batch norms.
  EXPECT_EQ(count_parameters(network), 4 * 27 + 8 + 8 * 36 + 16 + 8 * 72 + 16);
  EXPECT_EQ(network.named_parameters().keys(),
            (std::vector<std::string>{"stem0.0.weight", "stem0.1.weight", "stem0.1.bias",
                                      "stem0.3.weight", "stem0.4.weight", "stem0.4.bias",
                                      "stem1.1.weight", "stem1.2.weight", "stem1.2.bias"}));
  const auto [s0, s1] = stem.forward(input_pattern({1, 3, 64, 48}).to(test_device()));
  EXPECT_EQ(s0.sizes(), (Sizes{1, 8, 16, 12}));
  EXPECT_EQ(s1.sizes(), (Sizes{1, 8, 8, 6}));
  EXPECT_TRUE(stem.halves());
}

}  // namespace
}  // namespace sanas
