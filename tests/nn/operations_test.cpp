// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/operations.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "nn/operation_types.h"
#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/core/random.h"
#include "sanas/nn/cost.h"
#include "support/device.h"
#include "support/fill.h"
#include "support/golden.h"

namespace sanas {
namespace {

using torch::Tensor;

OperationOptions search_options() {
  OperationOptions options;
  options.affine = false;
  return options;
}

std::shared_ptr<Operation> filled(std::shared_ptr<Operation> operation) {
  operation->to(torch::kDouble);
  fill_parameters(*operation);
  operation->to(test_device());
  return operation;
}

Tensor input(torch::IntArrayRef shape) { return input_pattern(shape).to(test_device()); }

/// chk, sum of squares, first, last, number of parameters, as in the table of darts-family §13.1.
void expect_row(Operation& operation, const std::string& golden) {
  const Tensor y = operation.forward(input({2, 4, 8, 8})).contiguous();
  expect_golden({chk(y), y.pow(2).sum().item<double>(), y.flatten()[0].item<double>(),
                 y.flatten()[-1].item<double>(), static_cast<double>(count_parameters(operation))},
                golden);
}

struct GoldenRow {
  Primitive primitive;
  int64_t stride;
  bool pool_batch_norm;
  const char* golden;
};

using enum Primitive;

// darts-family §13.1.
constexpr GoldenRow kRows[] = {
    {kMaxPool3x3, 1, false, "3.114395843 326.122741854 1.378040558 0.125110831 0"},
    {kMaxPool3x3, 2, false, "-0.489835702 80.988482837 1.378040558 0.125110831 0"},
    {kAvgPool3x3, 1, false, "0.438381165 224.479262428 1.007684814 -0.286309662 0"},
    {kAvgPool3x3, 2, false, "-2.568674764 55.671316060 1.007684814 -0.440560462 0"},
    {kMaxPool3x3, 1, true, "-6.078612489 511.983774905 0.883515476 -0.872862480 0"},
    {kMaxPool3x3, 2, true, "0.142460860 127.995818077 0.861607709 -0.744002586 0"},
    {kAvgPool3x3, 1, true, "-7.805106013 511.985103434 1.062772514 -0.668070900 0"},
    {kAvgPool3x3, 2, true, "-3.515212608 127.996197467 1.004921406 -0.911530459 0"},
    {kSkipConnect, 1, true, "0.533822358 320.834173768 0.609646057 0.125110831 0"},
    {kSkipConnect, 2, true, "-6.639574285 127.990538967 1.141211901 1.093405374 16"},
    {kSepConv3x3, 1, true, "20.648872948 511.906668758 0.861568442 -0.889961813 104"},
    {kSepConv3x3, 2, true, "3.197966248 127.978153720 1.237075865 0.772298662 104"},
    {kSepConv5x5, 1, true, "-3.303338513 511.889540920 -0.341058617 -0.223608649 232"},
    {kSepConv5x5, 2, true, "1.119130618 127.939592729 -0.424724705 -0.412371991 232"},
    {kSepConv7x7, 1, true, "-9.660648189 511.986934226 1.104735648 0.758425168 424"},
    {kSepConv7x7, 2, true, "-0.644069919 127.985547097 -1.624703537 -1.459262928 424"},
    {kDilConv3x3, 1, true, "-23.164019671 511.965520040 -1.007493548 -0.601917990 52"},
    {kDilConv3x3, 2, true, "-0.162338665 127.991705965 -1.030869696 -1.162475366 52"},
    {kDilConv5x5, 1, true, "-6.864721640 511.818021247 1.179360044 1.468568540 116"},
    {kDilConv5x5, 2, true, "1.488955830 127.964292974 1.097019621 1.116627196 116"},
    {kConv7x1_1x7, 1, true, "4.413609956 511.966514590 -0.302416705 -0.354467586 224"},
    {kConv7x1_1x7, 2, true, "9.052586010 127.991063501 -0.285339943 -1.456664003 224"},
};

TEST(Operations, MatchTheGoldenTable) {
  const Tensor x = input({2, 4, 8, 8});
  expect_golden({x.sum().item<double>(), x.pow(2).sum().item<double>()},
                "-15.398491207974 320.834173767641");
  for (const auto& row : kRows) {
    SCOPED_TRACE(to_string(row.primitive) + " stride " + std::to_string(row.stride) +
                 (row.pool_batch_norm ? "" : " without batch norm"));
    auto options = search_options();
    options.pool_batch_norm = row.pool_batch_norm;
    const auto operation = filled(make_operation(row.primitive, 4, row.stride, options));
    expect_row(*operation, row.golden);
  }
}

TEST(Operations, ReluConvBnMatchesTheGoldenTable) {
  expect_row(*filled(std::make_shared<ReluConvBn>(4, 6, search_options())),
             "-36.071717550 767.935612464 1.153435738 -0.005943970 24");
}

TEST(Operations, AffineReluConvBnMatchesTheGoldenTableAndRunningStatistics) {
  const auto operation = filled(std::make_shared<ReluConvBn>(4, 6, OperationOptions{}));
  expect_row(*operation, "-6.604686550 1030.471737312 2.208923762 -0.465890725 36");
  const auto buffers = operation->named_buffers();
  const auto first_three = torch::indexing::Slice(0, 3);
  expect_golden(elements(buffers["op.2.running_mean"].index({first_three})),
                "0.04033001481 -0.04186671880 0.03856550075");
  expect_golden(elements(buffers["op.2.running_var"].index({first_three})),
                "0.91416490376 0.91129722981 0.90981131613");
  EXPECT_EQ(buffers["op.2.num_batches_tracked"].item<int64_t>(), 1);
}

TEST(Operations, FactorizedReduceMatchesTheGoldenTable) {
  expect_row(*filled(std::make_shared<FactorizedReduce>(4, 6, search_options())),
             "-1.647615235 191.984310772 1.141211901 -1.180162224 24");
}

TEST(Operations, ParameterCountsFollowTheClosedForms) {
  // darts-family §1, affine.
  const auto count = [](Primitive primitive, int64_t c, int64_t stride) {
    return count_parameters(*make_operation(primitive, c, stride, {}));
  };
  for (const int64_t c : {2, 16}) {
    for (const int64_t stride : {1, 2}) {
      EXPECT_EQ(count(kSepConv3x3, c, stride), 2 * (9 * c + c * c) + 4 * c);
      EXPECT_EQ(count(kSepConv7x7, c, stride), 2 * (49 * c + c * c) + 4 * c);
      EXPECT_EQ(count(kDilConv5x5, c, stride), 25 * c + c * c + 2 * c);
      EXPECT_EQ(count(kConv7x1_1x7, c, stride), 14 * c * c + 2 * c);
      EXPECT_EQ(count(kMaxPool3x3, c, stride), 0);
    }
    EXPECT_EQ(count(kSkipConnect, c, 1), 0);
    EXPECT_EQ(count(kSkipConnect, c, 2), c * c + 2 * c);
  }
}

TEST(Operations, PoolingHasABatchNormNamedOneInSearchNetworksOnly) {
  auto options = search_options();
  EXPECT_EQ(make_operation(kMaxPool3x3, 4, 1, options)->named_buffers().size(), 0U);
  options.pool_batch_norm = true;
  for (const auto primitive : {kMaxPool3x3, kAvgPool3x3}) {
    const auto buffers = make_operation(primitive, 4, 1, options)->named_buffers();
    EXPECT_TRUE(buffers.contains("1.running_mean"));
    EXPECT_EQ(buffers.size(), 3U);
  }
  // Identity and Zero never have one.
  EXPECT_EQ(make_operation(kSkipConnect, 4, 1, options)->named_buffers().size(), 0U);
  EXPECT_EQ(make_operation(kNone, 4, 2, options)->named_buffers().size(), 0U);
}

TEST(Operations, OnlyTheStrideOneSkipIsTheIdentity) {
  const auto skip = make_operation(kSkipConnect, 4, 1, {});
  const auto x = input({1, 4, 4, 4});
  EXPECT_TRUE(skip->is_identity());
  EXPECT_TRUE(skip->forward(x).is_same(x)) << "the same tensor, not a copy";
  EXPECT_FALSE(make_operation(kSkipConnect, 4, 2, {})->is_identity());
  EXPECT_FALSE(make_operation(kNone, 4, 1, {})->is_identity());
  EXPECT_FALSE(make_operation(kAvgPool3x3, 4, 1, {})->is_identity());
}

TEST(Operations, WithoutRunningStatisticsEvaluationUsesTheBatch) {
  auto options = search_options();
  options.track_running_stats = false;
  const auto operation = filled(std::make_shared<ReluConvBn>(4, 6, options));
  EXPECT_EQ(operation->named_buffers().size(), 0U);
  const auto x = input({2, 4, 8, 8});
  const auto training = operation->forward(x);
  operation->eval();
  EXPECT_TRUE(torch::equal(operation->forward(x), training));
}

// ---- none ------------------------------------------------------------------------------------

TEST(Zero, MultiplyingKeepsTheGraphTheCeilingAndNotANumber) {
  const auto x = input({1, 2, 5, 5}).requires_grad_(true);
  const auto y = make_operation(kNone, 2, 2, {})->forward(x);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{1, 2, 3, 3}));
  EXPECT_EQ(y.abs().sum().item<double>(), 0.0);
  ASSERT_TRUE(y.requires_grad());
  EXPECT_EQ(gradients_of(y.sum(), {x})[0].abs().sum().item<double>(), 0.0);
  const auto bad = torch::full({1, 2, 4, 4}, std::nan(""), x.options().requires_grad(false));
  EXPECT_TRUE(make_operation(kNone, 2, 1, {})->forward(bad).isnan().all().item<bool>());
}

TEST(Zero, TheConstantVariantHasNoGraphAndTheFloor) {
  OperationOptions options;
  options.zero = ZeroVariant::kConstant;
  const auto x = input({1, 2, 5, 5}).requires_grad_(true);
  const auto y = make_operation(kNone, 2, 2, options)->forward(x);
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{1, 2, 2, 2}));
  EXPECT_EQ(y.abs().sum().item<double>(), 0.0);
  EXPECT_FALSE(y.requires_grad());
  EXPECT_EQ(y.device(), x.device());
}

// ---- noise -----------------------------------------------------------------------------------

TEST(Noise, IsStandardNormalFreshAndWithoutGradient) {
  const auto noise = make_operation(kNoise, 8, 2, {});
  noise->eval();
  const auto x =
      torch::full({8, 8, 33, 33}, 5.0, torch::dtype(torch::kDouble).device(test_device()))
          .requires_grad_(true);
  const FrozenRandomness frozen(1);
  const auto first = noise->forward(x);
  EXPECT_EQ(first.sizes(), (std::vector<int64_t>{8, 8, 17, 17}));
  EXPECT_FALSE(first.requires_grad());
  EXPECT_FALSE(torch::equal(first, noise->forward(x)));
  // 18,496 draws: standard errors 0.0074 of the mean and 0.0052 of the deviation.
  EXPECT_NEAR(first.mean().item<double>(), 0.0, 0.03);
  EXPECT_NEAR(first.std().item<double>(), 1.0, 0.03);
}

TEST(Noise, IsReplayedUnderTheSameSeed) {
  const auto noise = make_operation(kNoise, 2, 1, {});
  const auto x = input({1, 2, 4, 4});
  const auto draw = [&] {
    const FrozenRandomness frozen(9);
    return noise->forward(x);
  };
  EXPECT_TRUE(torch::equal(draw(), draw()));
}

// ---- odd feature maps ------------------------------------------------------------------------

TEST(FactorizedReduce, RefusesOddSizesByDefault) {
  const auto reduce = filled(std::make_shared<FactorizedReduce>(4, 4, OperationOptions{}));
  for (const auto& [height, width] :
       std::vector<std::pair<int64_t, int64_t>>{{7, 7}, {8, 7}, {7, 8}}) {
    try {
      reduce->forward(input({1, 4, height, width}));
      FAIL() << "no exception";
    } catch (const DataError& error) {
      const std::string size = std::to_string(height) + "×" + std::to_string(width);
      EXPECT_NE(std::string(error.what()).find(size), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("odd_size"), std::string::npos) << error.what();
    }
  }
}

TEST(FactorizedReduce, PaddingChangesNothingForEvenSizes) {
  OperationOptions pad;
  pad.odd_size = OddSize::kPad;
  const auto x = input({2, 4, 8, 6});
  EXPECT_TRUE(
      torch::equal(filled(std::make_shared<FactorizedReduce>(4, 6, OperationOptions{}))->forward(x),
                   filled(std::make_shared<FactorizedReduce>(4, 6, pad))->forward(x)));
}

TEST(FactorizedReduce, PadsOddSizesWithZerosAtTheRightAndBottom) {
  OperationOptions pad = search_options();
  pad.odd_size = OddSize::kPad;
  for (const auto& [height, width] :
       std::vector<std::pair<int64_t, int64_t>>{{7, 5}, {6, 5}, {7, 4}}) {
    const auto reduce = filled(std::make_shared<FactorizedReduce>(1, 2, pad));
    reduce->eval();  // running mean 0 and variance 1: a division by √(1 + ε)
    const auto x = input({1, 1, height, width});
    const auto y = reduce->forward(x).cpu();
    const auto parameters = reduce->named_parameters();
    const double weights[] = {parameters["conv_1.weight"].item<double>(),
                              parameters["conv_2.weight"].item<double>()};
    ASSERT_EQ(y.sizes(), (std::vector<int64_t>{1, 2, (height + 1) / 2, (width + 1) / 2}));
    for (int64_t channel = 0; channel < 2; ++channel) {
      for (int64_t i = 0; i < y.size(2); ++i) {
        for (int64_t j = 0; j < y.size(3); ++j) {
          const int64_t row = 2 * i + channel;
          const int64_t column = 2 * j + channel;
          const double pixel =
              row < height && column < width ? x[0][0][row][column].item<double>() : 0.0;
          EXPECT_NEAR(y[0][channel][i][j].item<double>(),
                      weights[channel] * std::max(pixel, 0.0) / std::sqrt(1.0 + 1e-5), 1e-14);
        }
      }
    }
  }
}

TEST(FactorizedReduce, NeedsAnEvenNumberOfOutputChannels) {
  EXPECT_THROW(FactorizedReduce(4, 5, {}), c10::Error);
}

TEST(Operations, HalveOddSizesUpwards) {
  OperationOptions pad;
  pad.odd_size = OddSize::kPad;
  const auto x = input({1, 2, 7, 9});
  for (const auto primitive :
       {kNone, kMaxPool3x3, kAvgPool3x3, kSkipConnect, kSepConv3x3, kSepConv5x5, kSepConv7x7,
        kDilConv3x3, kDilConv5x5, kConv7x1_1x7, kNoise}) {
    const auto operation = filled(make_operation(primitive, 2, 2, pad));
    EXPECT_EQ(operation->forward(x).sizes(), (std::vector<int64_t>{1, 2, 4, 5}))
        << to_string(primitive);
  }
}

}  // namespace
}  // namespace sanas
