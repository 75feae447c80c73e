// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/schedule.h"

#include <gtest/gtest.h>

#include <map>

#include "support/golden.h"

namespace sanas {
namespace {

/// Epoch → published learning rate, from darts-family §12.
using Rates = std::map<int64_t, const char*>;

void expect_rates(const ScheduleOptions& options, int64_t epochs, const Rates& rates) {
  for (const auto& [epoch, rate] : rates) {
    SCOPED_TRACE("epoch " + std::to_string(epoch));
    expect_golden({learning_rate(options, epoch, epochs)}, rate);
  }
}

ScheduleOptions cosine(double rate, double min_rate) {
  ScheduleOptions options;
  options.learning_rate = rate;
  options.min_learning_rate = min_rate;
  return options;
}

ScheduleOptions linear(double rate) {
  ScheduleOptions options;
  options.schedule = Schedule::kLinear;
  options.learning_rate = rate;
  return options;
}

TEST(Schedule, DartsSearch) {
  expect_rates(cosine(0.025, 0.001), 50,
               {{0, "2.5e-2"},
                {1, "2.497632074e-2"},
                {2, "2.490537642e-2"},
                {10, "2.270820393e-2"},
                {25, "1.3e-2"},
                {48, "1.094623584e-3"},
                {49, "1.023679259e-3"}});
}

TEST(Schedule, Evaluation) {
  expect_rates(cosine(0.025, 0.0), 600,
               {{0, "2.5e-2"},
                {1, "2.499982865e-2"},
                {300, "1.25e-2"},
                {410, "5.692012e-3"},
                {550, "4.259271714e-4"},
                {599, "1.713469072e-7"}});
}

TEST(Schedule, ProgressiveStage) {
  expect_rates(cosine(0.025, 0.0), 25,
               {{1, "2.490143377e-2"}, {10, "1.636271243e-2"}, {24, "9.856623357e-5"}});
}

TEST(Schedule, PartialChannelSearch) {
  expect_rates(cosine(0.1, 0.0), 50,
               {{1, "9.990133642e-2"}, {15, "7.938926261e-2"}, {49, "9.866357859e-5"}});
  expect_rates(cosine(0.1, 0.001), 50, {{49, "1.097676943e-3"}});
}

TEST(Schedule, PartialChannelSearchOnImageNet) {
  // lr 0.5, warm-up over five epochs to it: (e + 1)/5 · 0.5.
  auto options = cosine(0.5, 0.0);
  options.warm_up_epochs = 5;
  options.warm_up_base = WarmUpBase::kInitial;
  expect_rates(options, 50, {{0, "0.1"}, {4, "0.5"}, {5, "0.4877641291"}, {35, "0.1030536869"}});
}

TEST(Schedule, PruningSearch) {
  expect_rates(cosine(0.025, 0.001), 200,
               {{1, "2.499851959e-2"}, {100, "1.3e-2"}, {199, "1.001480410e-3"}});
}

TEST(Schedule, ExponentialOnImageNet) {
  ScheduleOptions options;
  options.schedule = Schedule::kExponential;
  options.learning_rate = 0.1;
  expect_rates(options, 250,
               {{0, "0.1"}, {1, "9.7e-2"}, {100, "4.755250793e-3"}, {249, "5.083488346e-5"}});
}

TEST(Schedule, LinearWithItsTail) {
  expect_rates(linear(0.5), 250,
               {{0, "0.5"},
                {5, "0.4897959184"},
                {100, "0.2959183673"},
                {243, "4.081632653e-3"},
                {244, "2.040816327e-3"},
                {245, "2.040816327e-3"},
                {249, "4.081632653e-4"}});
}

TEST(Schedule, WarmUpOfTheScheduledRate) {
  auto options = linear(0.5);
  options.warm_up_epochs = 5;
  options.warm_up_base = WarmUpBase::kScheduled;
  expect_rates(options, 250,
               {{0, "0.1"},
                {1, "0.1991836735"},
                {2, "0.2975510204"},
                {3, "0.3951020408"},
                {4, "0.4918367347"},
                {5, "0.4897959184"}});
}

TEST(Schedule, WarmUpOfTheInitialRate) {
  auto options = linear(0.5);
  options.warm_up_epochs = 5;
  options.warm_up_base = WarmUpBase::kInitial;
  expect_rates(options, 250,
               {{0, "0.1"}, {1, "0.2"}, {2, "0.3"}, {3, "0.4"}, {4, "0.5"}, {5, "0.4897959184"}});
}

TEST(Schedule, ConstantStaysPut) {
  ScheduleOptions options;
  options.schedule = Schedule::kConstant;
  options.learning_rate = 0.3;
  for (const int64_t epoch : {0, 7, 49}) {
    EXPECT_EQ(learning_rate(options, epoch, 50), 0.3);
  }
}

TEST(Schedule, ShortLinearRunsFallAndStayPositive) {
  for (const int64_t epochs : {1, 2, 5, 6, 10}) {
    double previous = 0.5;
    for (int64_t epoch = 0; epoch < epochs; ++epoch) {
      const double rate = learning_rate(linear(0.5), epoch, epochs);
      EXPECT_GT(rate, 0.0) << epoch << " of " << epochs;
      EXPECT_LE(rate, previous) << epoch << " of " << epochs;
      previous = rate;
    }
  }
}

TEST(Schedule, DropPathGrowsLinearly) {
  EXPECT_EQ(drop_path_probability(0.2, 0, 600), 0.0);
  expect_golden({drop_path_probability(0.2, 1, 600)}, "0.000333333");
  expect_golden({drop_path_probability(0.2, 300, 600)}, "0.1");
  expect_golden({drop_path_probability(0.2, 599, 600)}, "0.199666667");
}

TEST(Schedule, HasNamesForTheConfiguration) {
  EXPECT_EQ(to_string(Schedule::kConstant), "constant");
  EXPECT_EQ(to_string(Schedule::kCosine), "cosine");
  EXPECT_EQ(to_string(Schedule::kLinear), "linear");
  EXPECT_EQ(to_string(Schedule::kExponential), "exponential");
  EXPECT_EQ(to_string(WarmUpBase::kScheduled), "scheduled");
  EXPECT_EQ(to_string(WarmUpBase::kInitial), "initial");
}

}  // namespace
}  // namespace sanas
