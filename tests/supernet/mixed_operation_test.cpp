// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/mixed_operation.h"

#include <gtest/gtest.h>

#include "sanas/core/error.h"
#include "search_support.h"
#include "supernet/partial_mixed_operation.h"

namespace sanas {
namespace {

using torch::indexing::Slice;

OperationOptions search_options() {
  OperationOptions options;
  options.affine = false;
  options.pool_batch_norm = true;
  options.zero = ZeroVariant::kSkipped;
  return options;
}

std::vector<torch::Tensor> weights_of(const std::vector<double>& values) {
  std::vector<torch::Tensor> weights;
  for (const double value : values) {
    weights.push_back(torch::tensor(value, torch::kDouble).to(test_device()));
  }
  return weights;
}

torch::Tensor input() { return input_pattern({2, 4, 8, 8}).to(test_device()); }

TEST(MixedOperation, IsTheWeightedSumOfItsOperations) {
  const std::vector<Primitive> candidates{Primitive::kNone, Primitive::kMaxPool3x3,
                                          Primitive::kSkipConnect, Primitive::kSepConv3x3};
  for (const int64_t stride : {1, 2}) {
    const auto edge =
        filled(std::make_shared<MixedOperation>(candidates, 4, stride, search_options()));
    const auto y = edge->forward(input(), weights_of({0.4, 0.3, -0.2, 0.5}));
    const auto& operations = edge->operations();
    const auto expected = 0.3 * operations[1]->forward(input()) -
                          0.2 * operations[2]->forward(input()) +
                          0.5 * operations[3]->forward(input());
    EXPECT_LT((y - expected).abs().max().item<double>(), 1e-14);
  }
}

TEST(MixedOperation, UndefinedWeightsLeaveTheirOperationOut) {
  const auto edge = filled(std::make_shared<MixedOperation>(
      std::vector{Primitive::kSepConv3x3, Primitive::kDilConv3x3}, 4, 1, search_options()));
  auto weights = weights_of({1.0, 1.0});
  weights[0].reset();
  const auto y = edge->forward(input(), weights);
  EXPECT_TRUE(torch::equal(y, edge->operations()[1]->forward(input())));
  y.sum().backward();
  EXPECT_FALSE(edge->operations()[0]->parameters()[0].grad().defined());
}

TEST(MixedOperation, NoneAloneGivesZerosOfTheRightSize) {
  const auto edge = std::make_shared<MixedOperation>(
      std::vector{Primitive::kNone, Primitive::kSkipConnect}, 4, 2, search_options());
  auto weights = weights_of({1.0, 1.0});
  weights[1].reset();
  EXPECT_TRUE(torch::equal(edge->forward(input(), weights).abs(),
                           torch::zeros({2, 4, 4, 4}, input().options())));
}

TEST(MixedOperation, NamesItsList) {
  const MixedOperation edge({Primitive::kNone, Primitive::kDilConv3x3}, 4, 1, search_options(),
                            "m_ops");
  EXPECT_NE(edge.named_parameters().find("m_ops.1.op.1.weight"), nullptr);
}

TEST(MixedOperation, OddSizesAreAnErrorUnlessPadded) {
  auto options = search_options();
  const std::vector<Primitive> candidates{Primitive::kMaxPool3x3, Primitive::kSepConv3x3};
  const auto x = input().index({Slice(), Slice(), Slice(0, 7), Slice(0, 7)});
  const auto weights = weights_of({0.5, 0.5});
  auto edge = filled(std::make_shared<MixedOperation>(candidates, 4, 2, options));
  EXPECT_THROW(edge->forward(x, weights), DataError);
  options.odd_size = OddSize::kPad;
  edge = filled(std::make_shared<MixedOperation>(candidates, 4, 2, options));
  EXPECT_EQ(edge->forward(x, weights).size(3), 4);
}

// darts-family §8.1: out[j·K + g] = y[g·(C/K) + j].
TEST(ChannelShuffle, InterleavesTheGroups) {
  const auto x = torch::arange(12, torch::kDouble).view({1, 12, 1, 1});
  EXPECT_EQ(elements(shuffle_channels(x, 4)),
            (std::vector<double>{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}));
}

TEST(PartialMixedOperation, MixesAQuarterAndPassesTheRestBy) {
  const auto edge = filled(std::make_shared<PartialMixedOperation>(
      std::vector{Primitive::kAvgPool3x3, Primitive::kSkipConnect}, 8, 1, search_options(), 4));
  const auto x = input_pattern({2, 8, 6, 6}).to(test_device());
  const auto y = edge->forward(x, weights_of({0.0, 2.0}));
  for (int64_t j = 0; j < 2; ++j) {
    EXPECT_TRUE(torch::equal(y.select(1, 4 * j), 2.0 * x.select(1, j)));
    for (int64_t g = 1; g < 4; ++g) {
      EXPECT_TRUE(torch::equal(y.select(1, 4 * j + g), x.select(1, 2 * g + j)));
    }
  }
}

TEST(PartialMixedOperation, HalvesWhatPassesByWithMaxPooling) {
  const auto edge = filled(std::make_shared<PartialMixedOperation>(
      std::vector{Primitive::kNone, Primitive::kMaxPool3x3}, 4, 2, search_options(), 2));
  const auto x = input();
  const auto y = edge->forward(x, weights_of({1.0, 1.0}));
  ASSERT_EQ(y.sizes(), (std::vector<int64_t>{2, 4, 4, 4}));
  const auto corner = x.index({Slice(), Slice(2, 4), Slice(2, 4), Slice(4, 6)}).amax({2, 3});
  EXPECT_TRUE(torch::equal(y.index({Slice(), 1, 1, 2}), corner.select(1, 0)));
  EXPECT_TRUE(torch::equal(y.index({Slice(), 3, 1, 2}), corner.select(1, 1)));
}

}  // namespace
}  // namespace sanas
