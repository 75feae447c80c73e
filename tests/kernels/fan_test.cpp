// SPDX-License-Identifier: Apache-2.0
#include "kernels/fan.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "fan_derivatives.h"
#include "kernels/instruction_sets.h"
#include "sanas/core/error.h"

namespace sanas::kernels {
namespace {

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
      {.name = "stride_two_odd",
       .in = {6},
       .out_channels = 6,
       .height = 7,
       .width = 5,
       .stride = 2},
      {.name = "seven", .in = {2}, .out_channels = 2, .height = 9, .width = 8, .kernels = {7}},
      {.name = "seven_stride_two",
       .in = {2},
       .out_channels = 2,
       .height = 9,
       .width = 8,
       .stride = 2,
       .kernels = {7}},
      {.name = "affine", .affine = true, .factors = true, .starts = true},
      {.name = "running",
       .in = {6},
       .out_channels = 6,
       .stride = 2,
       .affine = true,
       .of_batch = false,
       .starts = true},
      {.name = "bare_pools", .pool_norms = false, .factors = true},
  };
}

/// With a single convolution, or other ways to see the source.
std::vector<FanCase> special_cases() {
  return {
      {.name = "direct", .in = {5, 4}, .out_channels = 18, .affine = true, .only = Gather::kDirect},
      {.name = "grids",
       .in = {18, 2},
       .out_channels = 22,
       .height = 7,
       .stride = 2,
       .only = Gather::kTwoGrids},
      {.name = "stem",
       .in = {3},
       .out_channels = 48,
       .affine = true,
       .only = Gather::kPatches,
       .rectified = false},
      {.name = "stem_stride_two",
       .in = {3},
       .out_channels = 8,
       .height = 7,
       .width = 9,
       .stride = 2,
       .affine = true,
       .only = Gather::kPatches,
       .rectified = false},
      {.name = "second_stem",
       .in = {18},
       .out_channels = 20,
       .height = 8,
       .width = 5,
       .stride = 2,
       .affine = true,
       .of_batch = false,
       .only = Gather::kPatches},
      {.name = "not_rectified", .affine = true, .starts = true, .rectified = false},
  };
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

/// How far from double kernels may be in float32: three times as far as composed operators, of
/// which those that come closer than four units of rounding have been lucky.
double allowed(const Tensors& composed, const Tensors& exact) {
  constexpr double kRounding = 4.0 * std::numeric_limits<float>::epsilon();
  return 3.0 * std::max(distance(composed, exact), kRounding);
}

TEST_P(Fan, IsInFloat32AsExactAsItsComposedTwin) {
  const auto exact = derivatives(RandomFan(GetParam(), torch::kDouble), composed);
  const RandomFan random(GetParam(), torch::kFloat);
  const auto theirs = derivatives(random, composed);
  for (const auto* set : available_kernel_sets()) {
    SCOPED_TRACE(set->name);
    const ScopedKernelSet scope(*set);
    const auto ours = derivatives(random, fused);
    EXPECT_LE(distance(ours.values, exact.values), allowed(theirs.values, exact.values));
    EXPECT_LE(distance(ours.first, exact.first), allowed(theirs.first, exact.first));
    EXPECT_LE(distance(ours.second, exact.second), allowed(theirs.second, exact.second));
  }
}

const auto kName = [](const auto& info) { return info.param.name; };

INSTANTIATE_TEST_SUITE_P(Cases, Fan, testing::ValuesIn(cases()), kName);
INSTANTIATE_TEST_SUITE_P(SpecialCases, Fan, testing::ValuesIn(special_cases()), kName);

const FanCase kSome{.name = "some", .images = 5, .affine = true, .starts = true};

TEST(FanThreads, ChangeNoBit) {
  const RandomFan random(kSome, torch::kFloat);
  const int before = at::get_num_threads();
  Derivatives first;
  for (const int threads : {1, 2, 3, 4}) {
    at::set_num_threads(threads);
    const auto now = derivatives(random, fused);
    if (threads == 1) {
      first = now;
      continue;
    }
    for (const auto list : {&Derivatives::values, &Derivatives::first, &Derivatives::second}) {
      for (size_t i = 0; i < (now.*list).size(); ++i) {
        const auto& ours = (now.*list)[i];
        const auto& theirs = (first.*list)[i];
        EXPECT_TRUE(ours.defined() ? ours.equal(theirs) : !theirs.defined())
            << threads << " threads, " << i;
      }
    }
  }
  at::set_num_threads(before);
}

/// The source with NaN in all lanes that are not in use.
Tensor with_poisoned_lanes(const BlockedTensor& x) {
  auto data = x.data.detach().clone();
  data.slice(4, x.layout.channels % kLanes).fill_(std::numeric_limits<double>::quiet_NaN());
  return data;
}

TEST(FanLanes, ThatAreNotInUseDoNotMatter) {
  const RandomFan random({.name = "some", .affine = true}, torch::kDouble);
  const auto blocked = to_blocked(random.source, random.spec.in);
  const auto results = [&](Tensor source) {
    source = source.detach().requires_grad_();
    auto targets = fan(random.spec, source, {}, random.parameters);
    Tensors inputs = random.parameters;
    Tensors g;
    for (auto& target : targets) {
      target = from_blocked({target, {random.spec.out_channels}});
      g.push_back(torch::ones_like(target).cumsum(0));
    }
    Tensors all = torch::autograd::grad(targets, inputs, g, true);
    all.insert(all.end(), targets.begin(), targets.end());
    all.push_back(
        from_blocked({torch::autograd::grad(targets, {source}, g).front(), random.spec.in}));
    return all;
  };
  const auto clean = results(blocked.data);
  const auto poisoned = results(with_poisoned_lanes(blocked));
  for (size_t i = 0; i < clean.size(); ++i) {
    EXPECT_TRUE(clean[i].equal(poisoned[i])) << i;
  }
}

TEST(FanComputation, TakesUpTheRunningStatisticsOfItsBatchNorms) {
  RandomFan ours(kSome, torch::kDouble);
  RandomFan theirs(kSome, torch::kDouble);
  fused(ours);
  composed(theirs);
  for (size_t i = 0; i < ours.spec.convolutions.size(); ++i) {
    const auto& a = ours.spec.convolutions[i].norm;
    const auto& b = theirs.spec.convolutions[i].norm;
    EXPECT_LT(distance({a.running_mean, a.running_variance}, {b.running_mean, b.running_variance}),
              1e-13);
  }
}

TEST(FanComputation, GivesOnlyTheGradientsThatAreAskedFor) {
  const RandomFan random(kSome, torch::kDouble);
  const auto all = derivatives(random, fused).first;
  const auto targets = fused(random);
  torch::manual_seed(7);
  Tensors g;
  for (const auto& target : targets) {
    g.push_back(torch::randn(target.sizes(), torch::kDouble));
  }
  const auto inputs = inputs_of(random);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto one = torch::autograd::grad(targets, {inputs[i]}, g, true).front();
    EXPECT_TRUE(one.equal(all[i])) << i;
  }
}

/// Differences of the values, with which no derivative of ours has anything to do.
TEST(FanComputation, HasTheSlopeOfItsValues) {
  const RandomFan random({.name = "some", .height = 4, .width = 4}, torch::kDouble);
  const auto inputs = inputs_of(random);
  const auto sum = [&] {
    Tensor total = torch::zeros({}, torch::kDouble);
    for (const auto& target : fused(random)) {
      total = total + (target * target).sum();
    }
    return total;
  };
  const auto gradients = torch::autograd::grad({sum()}, inputs);
  double slope = 0.0;
  Tensors direction;
  for (const auto& gradient : gradients) {
    direction.push_back(torch::randn(gradient.sizes(), torch::kDouble));
    slope += (gradient * direction.back()).sum().item<double>();
  }
  const auto at = [&](double step) {
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs[i].add_(direction[i], step);
    }
    const double value = sum().item<double>();
    for (size_t i = 0; i < inputs.size(); ++i) {
      inputs[i].sub_(direction[i], step);
    }
    return value;
  };
  const double h = 1e-6;
  EXPECT_NEAR((at(h) - at(-h)) / (2 * h), slope, 1e-6 * std::abs(slope));
}

TEST(FanComputation, RefusesAThirdDerivative) {
  const RandomFan random({.name = "some"}, torch::kDouble);
  const auto inputs = inputs_of(random);
  const auto y = fused(random).front().pow(2).sum();
  const auto first = torch::autograd::grad({y}, inputs, {}, true, true).front().pow(2).sum();
  const auto second = torch::autograd::grad({first}, inputs, {}, true, true, true).front();
  try {
    torch::autograd::grad({second.sum()}, inputs, {}, false, false, true);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("kernels: composed"));
  }
}

TEST(FanComputation, HandsOnWhatIsNotFinite) {
  const RandomFan random({.name = "some", .images = 3}, torch::kFloat);
  const auto source = random.source.detach().clone();
  source[1][2][3][3] = std::numeric_limits<float>::quiet_NaN();
  const auto blocked = to_blocked(source, random.spec.in);
  for (const auto& target : fan(random.spec, blocked.data, {}, random.parameters)) {
    EXPECT_FALSE(target.isfinite().all().item<bool>());
  }
}

}  // namespace
}  // namespace sanas::kernels
