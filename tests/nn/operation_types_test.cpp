// SPDX-License-Identifier: Apache-2.0
#include "nn/operation_types.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <sstream>
#include <string>
#include <vector>

#include "support/device.h"
#include "support/fill.h"

namespace sanas {
namespace {

using torch::Tensor;
using enum Primitive;
using Names = std::vector<std::string>;

/// Convolutions and batch norms (with an asterisk) as darts-family §1 names and orders them; the
/// batch norm of a pooling in brackets.
struct Layers {
  Primitive primitive;
  int64_t stride;
  const char* names;
};

constexpr Layers kLayers[] = {
    {kNone, 1, ""},
    {kNone, 2, ""},
    {kMaxPool3x3, 1, "[1*]"},
    {kMaxPool3x3, 2, "[1*]"},
    {kAvgPool3x3, 1, "[1*]"},
    {kAvgPool3x3, 2, "[1*]"},
    {kSkipConnect, 1, ""},
    {kSkipConnect, 2, "conv_1 conv_2 bn*"},
    {kSepConv3x3, 1, "op.1 op.2 op.3* op.5 op.6 op.7*"},
    {kSepConv3x3, 2, "op.1 op.2 op.3* op.5 op.6 op.7*"},
    {kSepConv5x5, 1, "op.1 op.2 op.3* op.5 op.6 op.7*"},
    {kSepConv5x5, 2, "op.1 op.2 op.3* op.5 op.6 op.7*"},
    {kSepConv7x7, 1, "op.1 op.2 op.3* op.5 op.6 op.7*"},
    {kSepConv7x7, 2, "op.1 op.2 op.3* op.5 op.6 op.7*"},
    {kDilConv3x3, 1, "op.1 op.2 op.3*"},
    {kDilConv3x3, 2, "op.1 op.2 op.3*"},
    {kDilConv5x5, 1, "op.1 op.2 op.3*"},
    {kDilConv5x5, 2, "op.1 op.2 op.3*"},
    {kConv7x1_1x7, 1, "1 2 3*"},
    {kConv7x1_1x7, 2, "1 2 3*"},
    {kNoise, 1, ""},
    {kNoise, 2, ""},
};

/// The state dict of such layers in PyTorch: parameters, then buffers.
std::pair<Names, Names> expected_names(const std::string& layers, const OperationOptions& options) {
  Names parameters;
  Names buffers;
  std::istringstream stream(layers);
  for (std::string layer; stream >> layer;) {
    if (layer.front() == '[') {
      if (!options.pool_batch_norm) {
        continue;
      }
      layer = layer.substr(1, layer.size() - 2);
    }
    const bool is_norm = layer.back() == '*';
    const std::string front = (is_norm ? layer.substr(0, layer.size() - 1) : layer) + ".";
    if (!is_norm || options.affine) {
      parameters.push_back(front + "weight");
    }
    if (is_norm && options.affine) {
      parameters.push_back(front + "bias");
    }
    if (is_norm && options.track_running_stats) {
      buffers.insert(buffers.end(), {front + "running_mean", front + "running_var",
                                     front + "num_batches_tracked"});
    }
  }
  return {parameters, buffers};
}

void expect_names(const Operation& operation, const std::string& layers,
                  const OperationOptions& options) {
  const auto [parameters, buffers] = expected_names(layers, options);
  EXPECT_EQ(operation.named_parameters().keys(), parameters);
  EXPECT_EQ(operation.named_buffers().keys(), buffers);
}

TEST(OperationTypes, HaveTheStateDictNamesOfTheOriginalInItsOrder) {
  for (const bool affine : {true, false}) {
    for (const bool pool_batch_norm : {true, false}) {
      for (const bool track_running_stats : {true, false}) {
        OperationOptions options;
        options.affine = affine;
        options.pool_batch_norm = pool_batch_norm;
        options.track_running_stats = track_running_stats;
        for (const auto& row : kLayers) {
          SCOPED_TRACE(to_string(row.primitive) + " stride " + std::to_string(row.stride));
          expect_names(*make_operation(row.primitive, 4, row.stride, options), row.names, options);
        }
        expect_names(ReluConvBn(4, 6, options), "op.1 op.2*", options);
      }
    }
  }
}

// ---- what the members say is what forward computes --------------------------------------------

Tensor convolved(const Tensor& x, const Convolution& layer, torch::IntArrayRef stride,
                 torch::IntArrayRef padding) {
  return torch::conv2d(x, layer->weight, {}, stride, padding);
}

Tensor normed(const Tensor& x, const BatchNorm& norm) {
  return torch::batch_norm(x, norm->weight, norm->bias, {}, {}, /*training=*/true, 0.1, 1e-5,
                           /*cudnn_enabled=*/true);
}

Tensor run(const SeparableStage& stage, const Tensor& x) {
  const Window& window = stage.window();
  const auto y = torch::conv2d(torch::relu(x), stage.depthwise()->weight, {}, window.stride,
                               window.padding(), window.dilation, /*groups=*/x.size(1));
  return normed(convolved(y, stage.pointwise(), 1, 0), stage.norm());
}

Tensor run(const SepConv& operation, const Tensor& x) {
  return run(operation.second(), run(operation.first(), x));
}

Tensor run(const DilConv& operation, const Tensor& x) { return run(operation.stage(), x); }

Tensor run(const Conv7x1_1x7& operation, const Tensor& x) {
  const int64_t stride = operation.stride();
  const auto y = convolved(torch::relu(x), operation.along_row(), {1, stride}, {0, 3});
  return normed(convolved(y, operation.along_column(), {stride, 1}, {3, 0}), operation.norm());
}

Tensor run(const Pool& pool, const Tensor& x) {
  const Window& window = pool.window();
  const auto y = pool.kind() == Pool::Kind::kMax
                     ? torch::max_pool2d(x, window.kernel, window.stride, window.padding())
                     : torch::avg_pool2d(x, window.kernel, window.stride, window.padding(),
                                         /*ceil_mode=*/false, /*count_include_pad=*/false);
  return pool.norm().is_empty() ? y : normed(y, pool.norm());
}

Tensor run(const FactorizedReduce& operation, const Tensor& x) {
  const auto y = torch::relu(x);
  const auto shifted = y.slice(2, 1).slice(3, 1);
  return normed(torch::cat({convolved(y, operation.unshifted(), 2, 0),
                            convolved(shifted, operation.shifted(), 2, 0)},
                           1),
                operation.norm());
}

/// Compares `primitive`, which has to be a `Type`, with what its members say.
template <typename Type>
void expect_members(Primitive primitive, int64_t stride, const OperationOptions& options) {
  SCOPED_TRACE(to_string(primitive) + " stride " + std::to_string(stride));
  const auto made = make_operation(primitive, 4, stride, options);
  made->to(torch::kDouble);
  fill_parameters(*made);
  made->to(test_device());
  const auto* operation = made->as<Type>();
  ASSERT_NE(operation, nullptr);
  const Tensor x = input_pattern({2, 4, 8, 8}).to(test_device());
  EXPECT_TRUE(torch::allclose(made->forward(x), run(*operation, x), 1e-12, 1e-12));
}

TEST(OperationTypes, MembersSayAllThatForwardUses) {
  OperationOptions search;
  search.affine = false;
  search.pool_batch_norm = true;
  for (const auto& options : {OperationOptions{}, search}) {
    for (const int64_t stride : {1, 2}) {
      for (const auto primitive : {kSepConv3x3, kSepConv5x5, kSepConv7x7}) {
        expect_members<SepConv>(primitive, stride, options);
      }
      for (const auto primitive : {kDilConv3x3, kDilConv5x5}) {
        expect_members<DilConv>(primitive, stride, options);
      }
      for (const auto primitive : {kMaxPool3x3, kAvgPool3x3}) {
        expect_members<Pool>(primitive, stride, options);
      }
      expect_members<Conv7x1_1x7>(kConv7x1_1x7, stride, options);
    }
    expect_members<FactorizedReduce>(kSkipConnect, 2, options);
  }
}

// The table of darts-family §1.
TEST(OperationTypes, HaveTheKernelsStridesAndDilationsOfTheTable) {
  const auto sep = make_operation(kSepConv5x5, 4, 2, {});
  EXPECT_EQ(sep->as<SepConv>()->kernel(), 5);
  EXPECT_EQ(sep->as<SepConv>()->stride(), 2);
  EXPECT_EQ(sep->as<SepConv>()->first().window().padding(), 2);
  EXPECT_EQ(sep->as<SepConv>()->second().window().stride, 1);
  const auto dil = make_operation(kDilConv3x3, 4, 2, {});
  EXPECT_EQ(dil->as<DilConv>()->kernel(), 3);
  EXPECT_EQ(dil->as<DilConv>()->stride(), 2);
  EXPECT_EQ(dil->as<DilConv>()->dilation(), 2);
  EXPECT_EQ(dil->as<DilConv>()->stage().window().padding(), 2);
  EXPECT_EQ((Window{.kernel = 5, .dilation = 2}.padding()), 4);
  EXPECT_EQ(make_operation(kMaxPool3x3, 4, 1, {})->as<Pool>()->kind(), Pool::Kind::kMax);
  EXPECT_EQ(make_operation(kAvgPool3x3, 4, 1, {})->as<Pool>()->kind(), Pool::Kind::kAverage);
  EXPECT_NE(make_operation(kSkipConnect, 4, 1, {})->as<Identity>(), nullptr);
  EXPECT_EQ(make_operation(kNone, 4, 2, {})->as<Zero>()->stride(), 2);
  EXPECT_EQ(make_operation(kNoise, 4, 2, {})->as<Noise>()->stride(), 2);
}

}  // namespace
}  // namespace sanas
