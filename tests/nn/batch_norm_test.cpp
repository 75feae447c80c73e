// SPDX-License-Identifier: Apache-2.0
#include "sanas/nn/batch_norm.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include <cstring>
#include <stdexcept>

#include "support/device.h"
#include "support/fill.h"

namespace sanas {
namespace {

torch::nn::BatchNorm2dOptions three_channels() { return torch::nn::BatchNorm2dOptions(3); }

torch::Tensor input(double phi) {
  return input_pattern({4, 3, 5, 6}, phi).to(test_device(), torch::kFloat32);
}

void expect_same_bits(const torch::Tensor& actual, const torch::Tensor& expected,
                      const std::string& what) {
  const auto a = actual.detach().cpu().contiguous();
  const auto b = expected.detach().cpu().contiguous();
  ASSERT_EQ(a.scalar_type(), b.scalar_type()) << what;
  ASSERT_EQ(a.sizes(), b.sizes()) << what;
  EXPECT_EQ(std::memcmp(a.data_ptr(), b.data_ptr(), a.nbytes()), 0) << what;
}

/// LibTorch's, on the same device.
class BatchNormTest : public testing::Test {
 protected:
  BatchNormTest() {
    ours_->to(test_device());
    theirs_->to(test_device());
  }

  void expect_same_buffers() const {
    ASSERT_EQ(ours_->named_buffers().size(), 3U);
    for (const auto& buffer : theirs_->named_buffers()) {
      expect_same_bits(ours_->named_buffers()[buffer.key()], buffer.value(), buffer.key());
    }
  }

  BatchNorm ours_{three_channels()};
  torch::nn::BatchNorm2d theirs_{three_channels()};
};

TEST_F(BatchNormTest, IsLibTorchsInTrainingAndInEvaluation) {
  for (const double phi : {0.0, 1.0, 2.0}) {
    expect_same_bits(ours_->forward(input(phi)), theirs_->forward(input(phi)), "training");
  }
  expect_same_buffers();
  EXPECT_EQ(ours_->num_batches_tracked.item<int64_t>(), 3);
  ours_->eval();
  theirs_->eval();
  expect_same_bits(ours_->forward(input(3.0)), theirs_->forward(input(3.0)), "evaluation");
  expect_same_buffers();
}

TEST_F(BatchNormTest, HasLibTorchsNames) {
  std::vector<std::string> names;
  for (const auto& buffer : ours_->named_buffers()) {
    names.push_back(buffer.key());
  }
  EXPECT_EQ(names, theirs_->named_buffers().keys());
  EXPECT_EQ(ours_->named_parameters().keys(), theirs_->named_parameters().keys());
}

TEST_F(BatchNormTest, WithoutStatisticsNormalisesEachBatchByItself) {
  BatchNorm ours(three_channels().track_running_stats(false));
  torch::nn::BatchNorm2d theirs(three_channels().track_running_stats(false));
  ours->to(test_device());
  theirs->to(test_device());
  ours->eval();
  theirs->eval();
  expect_same_bits(ours->forward(input(0.0)), theirs->forward(input(0.0)), "evaluation");
  EXPECT_TRUE(ours->buffers().empty());
}

TEST_F(BatchNormTest, FrozenGivesTheSameOutputsAndGradientsAndKeepsItsBuffers) {
  ours_->forward(input(0.0));
  theirs_->forward(input(0.0));
  const auto x = input(1.0).requires_grad_(true);
  const auto gradients = [&x](const torch::Tensor& y) {
    const auto g = torch::autograd::grad({y.pow(3).sum()}, {x}, {}, true, true).front();
    return std::pair{g, torch::autograd::grad({g.pow(2).sum()}, {x}).front()};
  };
  ours_->set_frozen(true);
  const auto y = ours_->forward(x);
  const auto [first, second] = gradients(y);
  expect_same_buffers();
  const auto expected = theirs_->forward(x);
  const auto [expected_first, expected_second] = gradients(expected);
  expect_same_bits(y, expected, "output");
  expect_same_bits(first, expected_first, "first derivative");
  expect_same_bits(second, expected_second, "second derivative");
}

TEST_F(BatchNormTest, CountsOnTheCpuInWholeNumbersWhereverItGoes) {
  for (int way = 0; way < 3; ++way) {
    if (way == 0) {
      ours_->to(torch::kDouble);
    } else if (way == 1) {
      ours_->to(test_device());
    } else {
      ours_->to(test_device(), torch::kDouble);
    }
    EXPECT_EQ(ours_->num_batches_tracked.scalar_type(), torch::kInt64) << way;
    EXPECT_TRUE(ours_->num_batches_tracked.is_cpu()) << way;
  }
  EXPECT_EQ(ours_->running_mean.scalar_type(), torch::kDouble);
  ours_->forward(input(0.0).to(torch::kDouble));
  EXPECT_EQ(ours_->named_buffers()["num_batches_tracked"].item<int64_t>(), 1);
}

TEST_F(BatchNormTest, RefusesASingleValuePerChannel) {
  EXPECT_THROW(ours_->forward(torch::ones({1, 3, 1, 1}, test_device())), c10::Error);
}

/// A batch norm of each kind, the second one LibTorch's.
torch::nn::Sequential two_kinds() {
  torch::nn::Sequential network;
  network->push_back(BatchNorm(three_channels()));
  network->push_back(torch::nn::BatchNorm2d(three_channels()));
  network->to(test_device());
  return network;
}

TEST(FrozenStatistics, KeepsTheBuffersOfEveryKindOfModule) {
  auto network = two_kinds();
  network->forward(input(0.0));
  const auto before = clone(network->buffers());
  EXPECT_THROW(
      {
        const FrozenStatistics outer(*network);
        network->forward(input(1.0));
        {
          const FrozenStatistics inner(*network);
          network->forward(input(2.0));
        }
        network->forward(input(3.0));
        throw std::runtime_error("in the middle");
      },
      std::runtime_error);
  for (size_t i = 0; i < before.size(); ++i) {
    expect_same_bits(network->buffers()[i], before[i], "buffer " + std::to_string(i));
  }
  network->forward(input(4.0));
  for (const size_t count : {2U, 5U}) {
    EXPECT_EQ(network->buffers()[count].item<int64_t>(), 2) << "thawed again";
  }
}

TEST(FrozenStatistics, LeavesGraphsOfItsScopeUsable) {
  auto network = two_kinds();
  const auto x = input(0.0);
  torch::Tensor loss;
  {
    const FrozenStatistics scope(*network);
    loss = network->forward(x).pow(3).sum();
  }
  const auto actual = gradients_of(loss, network->parameters());
  const auto expected = gradients_of(network->forward(x).pow(3).sum(), network->parameters());
  for (size_t i = 0; i < expected.size(); ++i) {
    expect_same_bits(actual[i], expected[i], "gradient " + std::to_string(i));
  }
}

}  // namespace
}  // namespace sanas
