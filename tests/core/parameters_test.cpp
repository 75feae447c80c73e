// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/parameters.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "support/fill.h"

namespace sanas {
namespace {

torch::Tensor values(std::initializer_list<double> list) {
  return torch::tensor(std::vector<double>(list), torch::kDouble);
}

/// ‖(3, 4, 12)‖ = 13, spread over two tensors.
TensorList thirteen() { return {values({3, 4}), values({12}).view({1, 1})}; }

/// True if both hold the same bits, NaN and signed zeros included.
bool same_bits(const torch::Tensor& a, const torch::Tensor& b) {
  return torch::equal(a.contiguous().view(torch::kLong), b.contiguous().view(torch::kLong));
}

TEST(TensorLists, NormIsOverAllTensorsTogether) {
  EXPECT_DOUBLE_EQ(norm(thirteen()), 13.0);
  EXPECT_EQ(norm({}), 0.0);
}

TEST(TensorLists, DotSumsOverAllTensors) {
  EXPECT_DOUBLE_EQ(dot(thirteen(), {values({1, -2}), values({0.5}).view({1, 1})}), 3 - 8 + 6);
}

TEST(TensorLists, DotAccumulatesFloatsInDoublePrecision) {
  // In single precision 1e8 + 1 = 1e8.
  const TensorList a{torch::tensor({1e4F}), torch::tensor({1.0F})};
  EXPECT_EQ(dot(a, a), 100000001.0);
}

TEST(TensorLists, AddAndScaleMakeNewTensors) {
  const auto a = thirteen();
  const TensorList b{values({1, 1}), values({2}).view({1, 1})};
  const auto sum = add(a, b, -0.5);
  EXPECT_TRUE(torch::equal(flatten(sum), values({2.5, 3.5, 11})));
  EXPECT_TRUE(torch::equal(flatten(scale(a, 2.0)), values({6, 8, 24})));
  EXPECT_TRUE(torch::equal(flatten(a), values({3, 4, 12})));
  EXPECT_EQ(sum[1].sizes(), a[1].sizes());
}

TEST(TensorLists, AddInPlaceChangesTheFirstList) {
  auto a = thirteen();
  add_in_place(a, thirteen(), 2.0);
  EXPECT_TRUE(torch::equal(flatten(a), values({9, 12, 36})));
}

TEST(TensorLists, ArithmeticIsNotRecorded) {
  const TensorList a{values({1, 2}).requires_grad_(true)};
  EXPECT_FALSE(add(a, a)[0].requires_grad());
  EXPECT_FALSE(scale(a, 2.0)[0].requires_grad());
  EXPECT_FALSE(clone(a)[0].requires_grad());
  EXPECT_FALSE(detach(a)[0].requires_grad());
}

TEST(TensorLists, DetachSharesMemoryAndCloneDoesNot) {
  const TensorList a{values({1, 2})};
  EXPECT_EQ(detach(a)[0].data_ptr(), a[0].data_ptr());
  EXPECT_NE(clone(a)[0].data_ptr(), a[0].data_ptr());
}

TEST(TensorLists, ListsOfDifferentLengthAreRefused) {
  EXPECT_THROW(add(thirteen(), {}), c10::Error);
  EXPECT_THROW(dot(thirteen(), {}), c10::Error);
  auto a = thirteen();
  EXPECT_THROW(add_in_place(a, {}), c10::Error);
}

TEST(TensorLists, AllFiniteSeesOneBadElement) {
  EXPECT_TRUE(all_finite(thirteen()));
  EXPECT_TRUE(all_finite({}));
  EXPECT_FALSE(all_finite({values({1}), values({1, std::nan("")})}));
  EXPECT_FALSE(all_finite({values({-std::numeric_limits<double>::infinity()}), values({1})}));
}

TEST(Gradient, IsZeroForInputsThatTheLossDoesNotUse) {
  const auto used = values({2, 3}).requires_grad_(true);
  const auto unused = values({1, 1, 1}).requires_grad_(true);
  const auto gradients = gradients_of(used.pow(2).sum(), {unused, used});
  EXPECT_TRUE(torch::equal(gradients[0], values({0, 0, 0})));
  EXPECT_TRUE(torch::equal(gradients[1], values({4, 6})));
}

TEST(Gradient, IsZeroForAConstantLoss) {
  const auto input = values({2, 3}).requires_grad_(true);
  EXPECT_TRUE(torch::equal(gradients_of(torch::tensor(1.0), {input})[0], values({0, 0})));
}

TEST(Gradient, CanBeDifferentiatedAgain) {
  // f = a² b: ∂f/∂a = 2ab, ∂²f/∂a∂b = 2a.
  const auto a = values({3}).requires_grad_(true);
  const auto b = values({5}).requires_grad_(true);
  const auto first = gradients_of((a * a * b).sum(), {a}, /*create_graph=*/true);
  EXPECT_EQ(first[0].item<double>(), 30.0);
  EXPECT_EQ(gradients_of(first[0].sum(), {b})[0].item<double>(), 6.0);
}

TEST(Gradient, TouchesNoAccumulatedGradient) {
  const auto a = values({3}).requires_grad_(true);
  gradients_of((a * a).sum(), {a});
  EXPECT_FALSE(a.grad().defined());
}

TEST(Gradient, RetainsTheGraphOnRequest) {
  const auto a = values({3}).requires_grad_(true);
  const auto loss = a.exp().sum();
  const auto first = gradients_of(loss, {a}, /*create_graph=*/false, /*retain_graph=*/true);
  EXPECT_TRUE(torch::equal(first[0], gradients_of(loss, {a})[0]));
}

TEST(ScopedValues, ReplacesAndRestoresBitForBit) {
  const TensorList parameters{
      values({0.1, -0.0, std::numeric_limits<double>::denorm_min()}).requires_grad_(true),
      values({std::nan("7"), 1e300}).requires_grad_(true)};
  const auto before = clone(parameters);
  const auto* storage = parameters[0].data_ptr();
  {
    const ScopedValues scope(parameters, {values({1, 2, 3}), values({4, 5})});
    EXPECT_TRUE(torch::equal(flatten(detach(parameters)), values({1, 2, 3, 4, 5})));
    // Derivatives are taken at the new values.
    EXPECT_TRUE(torch::equal(gradients_of(parameters[0].pow(2).sum(), {parameters[0]})[0],
                             values({2, 4, 6})));
  }
  EXPECT_TRUE(same_bits(parameters[0].detach(), before[0]));
  EXPECT_TRUE(same_bits(parameters[1].detach(), before[1]));
  EXPECT_EQ(parameters[0].data_ptr(), storage);
  EXPECT_TRUE(parameters[0].requires_grad());
  EXPECT_TRUE(parameters[0].is_leaf());
}

TEST(ScopedValues, IsSeenByTheModuleThatOwnsTheParameters) {
  torch::nn::Linear linear(torch::nn::LinearOptions(2, 1).bias(false));
  linear->to(torch::kDouble);
  const auto x = values({1, 10}).view({1, 2});
  const auto before = linear->forward(x).item<double>();
  {
    const ScopedValues scope(linear->parameters(), {values({2, 3}).view({1, 2})});
    EXPECT_EQ(linear->forward(x).item<double>(), 32.0);
  }
  EXPECT_EQ(linear->forward(x).item<double>(), before);
}

TEST(ScopedValues, RestoresAlsoAfterInPlaceChangesAndExceptions) {
  const TensorList parameters{values({0.1, 0.2}).requires_grad_(true)};
  const auto before = clone(parameters);
  EXPECT_THROW(
      {
        const ScopedValues scope(parameters, {values({1, 2})});
        const torch::NoGradGuard no_grad;
        parameters[0].detach().mul_(3.0);
        throw std::runtime_error("in the middle");
      },
      std::runtime_error);
  EXPECT_TRUE(same_bits(parameters[0].detach(), before[0]));
}

TEST(ScopedValues, NestedScopesUnwindInOrder) {
  const TensorList parameters{values({1}).requires_grad_(true)};
  {
    const ScopedValues outer(parameters, {values({2})});
    {
      const ScopedValues inner(parameters, {values({3})});
      EXPECT_EQ(parameters[0].item<double>(), 3.0);
    }
    EXPECT_EQ(parameters[0].item<double>(), 2.0);
  }
  EXPECT_EQ(parameters[0].item<double>(), 1.0);
}

TEST(ScopedValues, ARefusedValueChangesNothing) {
  const TensorList parameters{values({1}).requires_grad_(true), values({2}).requires_grad_(true)};
  EXPECT_THROW(ScopedValues(parameters, {values({3})}), c10::Error);
  EXPECT_THROW(ScopedValues(parameters, {values({3}), values({3, 4})}), c10::Error);
  EXPECT_THROW(ScopedValues(parameters, {values({3}), torch::ones({1}, torch::kFloat)}),
               c10::Error);
  EXPECT_EQ(parameters[0].item<double>(), 1.0);
  EXPECT_EQ(parameters[1].item<double>(), 2.0);
}

TEST(CopyInPlace, TakesTensorsOfSeveralTypes) {
  const TensorList to{torch::zeros({2}), torch::zeros({1}, torch::kInt64), values({0, 0}),
                      torch::zeros({2, 2})};
  const TensorList from{torch::tensor({1.5F, -2.0F}), torch::tensor({7}, torch::kInt64),
                        values({0.1, 0.2}), torch::full({2, 2}, 3.0F)};
  copy_in_place(to, from);
  for (size_t i = 0; i < to.size(); ++i) {
    EXPECT_TRUE(torch::equal(to[i], from[i])) << i;
  }
  EXPECT_THROW(copy_in_place(to, {}), c10::Error);
  EXPECT_NO_THROW(copy_in_place({}, {}));
}

TEST(ToHost, GivesAllElementsInOrder) {
  const auto numbers = to_host({torch::tensor(0.5F), torch::tensor({3, -4}, torch::kInt64),
                                values({0.1}).requires_grad_(true)});
  EXPECT_EQ(numbers, (std::vector<double>{0.5, 3.0, -4.0, 0.1}));
  EXPECT_TRUE(to_host({}).empty());
}

TEST(GradientsOf, HaveTheLayoutOfTheirInputs) {
  // What autograd gives has strides (0, 0) here, and those of channels-last for the second weight.
  const auto weight = torch::ones({4, 2, 3, 3}).requires_grad_(true);
  const auto expanded = torch::ones({2, 3}).requires_grad_(true);
  const auto images = torch::ones({2, 2, 5, 5}).contiguous(torch::MemoryFormat::ChannelsLast);
  const auto gradients =
      gradients_of(expanded.sum() + torch::conv2d(images, weight).pow(2).sum(), {expanded, weight});
  EXPECT_EQ(gradients[0].strides(), expanded.strides());
  EXPECT_EQ(gradients[1].strides(), weight.strides());
  EXPECT_TRUE(torch::equal(gradients[0], torch::ones({2, 3})));
}

TEST(GradientsOf, OfSeveralOutputsAreThoseOfTheirWeightedSum) {
  const auto x = values({0.3, -0.7}).requires_grad_(true);
  const auto unused = values({1}).requires_grad_(true);
  const TensorList outputs{x.pow(3), x.exp().sum()};
  const TensorList weights{values({2, -1}), torch::tensor(0.5, torch::kDouble)};
  const auto actual = gradients_of(outputs, {x, unused}, weights);
  const auto y = x.detach();
  EXPECT_TRUE(
      torch::allclose(actual[0], weights[0] * 3.0 * y.pow(2) + 0.5 * y.exp(), 1e-15, 1e-15));
  EXPECT_EQ(actual[1].item<double>(), 0.0);
  EXPECT_EQ(gradients_of(TensorList{}, {x}, TensorList{})[0].sum().item<double>(), 0.0);
}

TEST(GradientsOf, AreThereAgainWhereTheGraphIsRetained) {
  const auto x = torch::full({1}, 3.0, torch::kDouble).requires_grad_(true);
  const TensorList one{torch::ones({1}, torch::kDouble)};
  const TensorList outputs{x * x};
  const auto first = gradients_of(outputs, {x}, one, /*retain_graph=*/true);
  EXPECT_TRUE(gradients_of(outputs, {x}, one)[0].equal(first[0]));
  EXPECT_THROW(gradients_of(outputs, {x}, one), c10::Error);
}

TEST(LaidOutLike, CopiesOnlyWhatIsLaidOutInAnotherWay) {
  const TensorList like{torch::zeros({2, 3, 2, 2}).requires_grad_(true), torch::zeros({2})};
  const TensorList given{torch::rand({2, 3, 2, 2}).contiguous(torch::MemoryFormat::ChannelsLast),
                         torch::rand({2}).requires_grad_(true)};
  const auto result = laid_out_like(like, given);
  EXPECT_TRUE(result[0].is_contiguous());
  EXPECT_TRUE(result[0].equal(given[0]));
  EXPECT_EQ(result[1].data_ptr(), given[1].data_ptr());
  EXPECT_FALSE(result[0].requires_grad() || result[1].requires_grad());
}

TEST(ScopedConstants, AreVariablesAgainAfterwards) {
  const auto w = torch::ones({2}).requires_grad_(true);
  const auto x = torch::ones({2}).requires_grad_(true);
  const auto constant = torch::ones({2});
  const auto before = (w * x).sum();  // a graph of before is differentiated as ever
  {
    const ScopedConstants fixed({w, constant});
    EXPECT_FALSE(w.requires_grad());
    EXPECT_TRUE(gradients_of((w * x).sum(), {x})[0].equal(torch::ones({2})));
    EXPECT_FALSE((w * constant).requires_grad());
  }
  EXPECT_TRUE(w.requires_grad());
  EXPECT_FALSE(constant.requires_grad());
  EXPECT_TRUE(gradients_of(before, {w})[0].equal(torch::ones({2})));
}

TEST(ScopedBuffers, RestoresRunningStatisticsBitForBit) {
  torch::nn::BatchNorm2d norm(2);
  norm->to(torch::kDouble);
  const auto x = input_pattern({3, 2, 4, 4});
  norm->forward(x);
  const auto before = clone(norm->buffers());
  ASSERT_EQ(before.size(), 3U);
  EXPECT_THROW(
      {
        const ScopedBuffers scope(*norm);
        norm->forward(x * 2.0);
        EXPECT_EQ(norm->num_batches_tracked.item<int64_t>(), 2);
        throw std::runtime_error("in the middle");
      },
      std::runtime_error);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(same_bits(norm->buffers()[i], before[i])) << i;
  }
}

TEST(ScopedBuffers, LeavesGraphsOfItsScopeUsable) {
  torch::nn::BatchNorm2d norm(2);
  norm->to(torch::kDouble);
  const auto x = input_pattern({3, 2, 4, 4});
  for (const bool training : {true, false}) {
    norm->train(training);
    const auto expected = gradients_of(norm->forward(x).pow(3).sum(), norm->parameters());
    torch::Tensor loss;
    {
      const ScopedBuffers scope(*norm);
      loss = norm->forward(x).pow(3).sum();
    }
    const auto actual = gradients_of(loss, norm->parameters());
    EXPECT_TRUE(torch::allclose(actual[0], expected[0], 1e-12)) << "training " << training;
  }
}

TEST(ScopedMode, RestoresEachModulesOwnMode) {
  torch::nn::Sequential network(torch::nn::BatchNorm2d(2), torch::nn::Dropout(0.5));
  network->train();
  network[0]->eval();
  EXPECT_THROW(
      {
        const ScopedMode scope(*network, false);
        EXPECT_FALSE(network->is_training());
        EXPECT_FALSE(network[1]->is_training());
        throw std::runtime_error("in the middle");
      },
      std::runtime_error);
  EXPECT_TRUE(network->is_training());
  EXPECT_FALSE(network[0]->is_training());
  EXPECT_TRUE(network[1]->is_training());
}

}  // namespace
}  // namespace sanas
