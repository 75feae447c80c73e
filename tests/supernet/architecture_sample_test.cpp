// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/architecture_sample.h"

#include <gtest/gtest.h>

namespace sanas {
namespace {

TEST(SplitWeights, GivesEachOperationItsScalarWithItsGradient) {
  const auto table = torch::tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}).requires_grad_(true);
  const OperationWeights weights = split_weights(table);
  ASSERT_EQ(weights.size(), 2U);
  ASSERT_EQ(weights[1].size(), 3U);
  EXPECT_EQ(weights[1][2].dim(), 0);
  EXPECT_EQ(weights[1][2].item<double>(), 6.0);
  (weights[0][1] * 7.0).backward();
  EXPECT_TRUE(torch::equal(table.grad(), torch::tensor({{0.0, 7.0, 0.0}, {0.0, 0.0, 0.0}})));
}

TEST(MaskOf, MarksWhatIsLeftIn) {
  OperationWeights weights = split_weights(torch::zeros({2, 3}));
  weights[0][0].reset();
  weights[1][2].reset();
  const auto expected = torch::tensor({{0.0, 1.0, 1.0}, {1.0, 1.0, 0.0}}, torch::kDouble);
  EXPECT_TRUE(torch::equal(mask_of(weights), expected)) << "a weight of zero is in use";
}

}  // namespace
}  // namespace sanas
