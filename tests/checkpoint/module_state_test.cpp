// SPDX-License-Identifier: Apache-2.0
#include "sanas/checkpoint/module_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include <limits>

#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::file_error;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Names 0.weight, 0.bias, 1.weight, …, 1.num_batches_tracked.
torch::nn::Sequential network() {
  return torch::nn::Sequential(torch::nn::Linear(2, 3), torch::nn::BatchNorm1d(3));
}

/// Its state with other numbers, each name behind `front`.
NamedTensors state(const std::string& front = "") {
  NamedTensors tensors = state_dict(*network(), front);
  for (auto& entry : tensors.tensors) {
    entry.value() = torch::full_like(entry.value(), 7);
  }
  return tensors;
}

std::string error_of(const NamedTensors& tensors, const std::string& prefix = "") {
  auto net = network();
  const auto before = net->named_parameters()["0.weight"].clone();
  const auto message = file_error([&] { load_state_dict(*net, tensors, "f.pt", prefix); });
  EXPECT_TRUE(torch::equal(net->named_parameters()["0.weight"], before));
  return message;
}

TEST(ModuleState, WrappersInFrontOfAllNamesAreLeftOut) {
  for (const std::string front : {"", "module.", "_orig_mod.module.", "net.", "a.b.c.d."}) {
    auto net = network();
    EXPECT_EQ(load_state_dict(*net, state(front), "f.pt"), front);
    EXPECT_TRUE(net->named_parameters()["0.weight"].eq(7).all().item<bool>()) << front;
  }
  // Not so where something else is there, or where names have a prefix of our own.
  auto more = state("module.");
  more.tensors.insert("ema.decay", torch::ones({1}));
  EXPECT_THAT(error_of(more), AllOf(HasSubstr("'module.' in front"), HasSubstr("'ema.decay'")));
  EXPECT_THAT(error_of(state("w1.module."), "w1."), HasSubstr("'w1.0.weight' is missing"));
}

TEST(ModuleState, MessagesShowSomeOfEachKind) {
  NamedTensors tensors;
  for (int i = 0; i < 9; ++i) {
    tensors.tensors.insert("other" + std::to_string(i), torch::ones({1}));
  }
  EXPECT_THAT(error_of(tensors),
              AllOf(HasSubstr("f.pt: the tensors don't fit"), HasSubstr("'0.weight' is missing"),
                    HasSubstr("and 2 more are missing"), HasSubstr("'other0' is unexpected"),
                    HasSubstr("and 5 more are unexpected"), Not(HasSubstr("in front"))));
  auto shaped = state();
  shaped.tensors["0.weight"] = torch::ones({4, 2});
  EXPECT_THAT(error_of(shaped), HasSubstr("'0.weight' has shape [4, 2], expected [3, 2]"));
}

TEST(ModuleState, OnlyFiniteNumbersGoIntoANetwork) {
  for (const double value : {std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity(), 1e300}) {  // 1e300: as float
    auto tensors = state();
    tensors.tensors["1.running_var"] = torch::tensor({1.0, value, 1.0}, torch::kDouble);
    EXPECT_THAT(error_of(tensors), HasSubstr("f.pt: '1.running_var' has numbers that are not"));
  }
  auto second = state("w2.");
  second.tensors["w2.0.bias"][1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error_of(second, "w2."), HasSubstr("f.pt: 'w2.0.bias' has numbers that are not"));
  auto integers = state();
  integers.tensors["0.bias"] = torch::ones({3}, torch::kLong);
  EXPECT_THAT(error_of(integers), HasSubstr("'0.bias' holds Long, expected floating-point"));
  auto halves = state();
  for (auto& entry : halves.tensors) {
    entry.value() = entry.value().to(torch::kHalf);
  }
  auto net = network();
  load_state_dict(*net, halves, "f.pt");
  EXPECT_TRUE(net->named_parameters()["0.bias"].eq(7).all().item<bool>());
}

}  // namespace
}  // namespace sanas
