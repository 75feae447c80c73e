// SPDX-License-Identifier: Apache-2.0
#include "kernels/fan.h"

#include <gtest/gtest.h>

#include "composed_fan.h"
#include "kernels/instruction_sets.h"
#include "random_fan.h"
#include "sanas/core/error.h"

namespace sanas::kernels {
namespace {

using torch::Tensor;
using Tensors = std::vector<Tensor>;

std::vector<FanCase> cases() {
  return {
      {.name = "small"},
      {.name = "one_image", .images = 1},
      {.name = "one_channel", .in = {1}, .out_channels = 1},
      {.name = "full_block", .in = {16}, .out_channels = 16, .height = 9, .width = 17},
      {.name = "three_blocks", .in = {36}, .out_channels = 36, .height = 5, .width = 3},
      {.name = "many_images", .images = 19, .in = {3}, .out_channels = 3, .height = 4, .width = 5},
      {.name = "tiny_images", .images = 3, .height = 1, .width = 2},
      {.name = "stride_two", .in = {6}, .out_channels = 6, .height = 8, .width = 8, .stride = 2},
      {.name = "stride_two_odd", .in = {6}, .out_channels = 6, .height = 7, .width = 5, .stride = 2},
      {.name = "seven", .in = {2}, .out_channels = 2, .height = 9, .width = 8, .kernels = {7}},
      {.name = "seven_stride_two", .in = {2}, .out_channels = 2, .height = 9, .width = 8, .stride = 2,
       .kernels = {7}},
      {.name = "affine", .affine = true, .factors = true, .starts = true},
      {.name = "running", .in = {6}, .out_channels = 6, .stride = 2, .affine = true,
       .of_batch = false, .starts = true},
      {.name = "bare_pools", .pool_norms = false, .factors = true},
      {.name = "direct", .in = {5, 4}, .out_channels = 18, .affine = true, .only_direct = true},
      {.name = "grids", .in = {18, 2}, .out_channels = 22, .height = 7, .stride = 2,
       .only_grids = true},
  };
}

/// All that the fan depends on.
Tensors inputs_of(const RandomFan& fan) {
  Tensors result{fan.source};
  for (const auto& list : {fan.parameters, fan.starts}) {
    for (const auto& tensor : list) {
      if (tensor.defined()) {
        result.push_back(tensor);
      }
    }
  }
  return result;
}

/// The targets as N×C×H×W, on fused kernels.
Tensors fused(const RandomFan& random) {
  const auto in = to_blocked(random.source, random.spec.in);
  Tensors starts;
  for (const auto& start : random.starts) {
    starts.push_back(start.defined() ? to_blocked(start, {random.spec.out_channels}).data : start);
  }
  Tensors result;
  for (const auto& target : fan(random.spec, in.data, starts, random.parameters)) {
    result.push_back(from_blocked({target, {random.spec.out_channels}}));
  }
  return result;
}

Tensors composed(const RandomFan& random) {
  return composed_fan(random.spec, random.source, random.starts, random.parameters);
}

/// Values, gradients of a weighted sum of the outputs, and the gradients of ⟨u, those gradients⟩.
struct Derivatives {
  Tensors values, first, second;
};

Derivatives derivatives(const RandomFan& random, Tensors (*compute)(const RandomFan&)) {
  Derivatives result;
  result.values = compute(random);
  torch::manual_seed(7);
  Tensors g;
  Tensors inputs = inputs_of(random);
  for (const auto& value : result.values) {
    g.push_back(torch::randn(value.sizes(), torch::kDouble).to(value.dtype()).requires_grad_());
  }
  result.first = torch::autograd::grad(result.values, inputs, g, true, true, true);
  Tensors slopes;
  Tensors u;
  for (const auto& gradient : result.first) {
    if (gradient.defined() && gradient.requires_grad()) {
      slopes.push_back(gradient);
      u.push_back(torch::randn(gradient.sizes(), torch::kDouble).to(gradient.dtype()));
    }
  }
  inputs.insert(inputs.end(), g.begin(), g.end());
  result.second = torch::autograd::grad(slopes, inputs, u, false, false, true);
  return result;
}

/// ‖a − b‖ / ‖b‖ over a list, undefined ones counting as zero.
double distance(const Tensors& a, const Tensors& b) {
  double difference = 0.0;
  double length = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto value = [](const Tensor& t, const Tensor& like) {
      return t.defined() ? t.detach().to(torch::kDouble)
                         : torch::zeros_like(like, torch::kDouble).detach();
    };
    if (a[i].defined() || b[i].defined()) {
      const auto x = value(a[i], b[i]);
      const auto y = value(b[i], a[i]);
      EXPECT_EQ(x.sizes(), y.sizes());
      difference += (x - y).square().sum().item<double>();
      length += y.square().sum().item<double>();
    }
  }
  return std::sqrt(difference / std::max(length, 1e-300));
}

class Fan : public testing::TestWithParam<FanCase> {};

TEST_P(Fan, EqualsItsComposedTwinInDoubleWithBothDerivatives) {
  const RandomFan random(GetParam(), torch::kDouble);
  const auto theirs = derivatives(random, composed);
  for (const auto* set : available_kernel_sets()) {
    SCOPED_TRACE(set->name);
    const ScopedKernelSet scope(*set);
    const auto ours = derivatives(random, fused);
    EXPECT_LT(distance(ours.values, theirs.values), 1e-12);
    EXPECT_LT(distance(ours.first, theirs.first), 1e-12);
    EXPECT_LT(distance(ours.second, theirs.second), 1e-12);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Fan, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sanas::kernels
