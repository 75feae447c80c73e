// SPDX-License-Identifier: Apache-2.0
// Parity with scipy is in tests/python/test_statistics.py.
#include "sanas/train/significance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "sanas/core/error.h"

namespace sanas {
namespace {

TEST(Significance, SummaryOfFourNumbers) {
  const auto summary = summarize({2.0, 4.0, 4.0, 6.0});
  EXPECT_DOUBLE_EQ(summary.mean, 4.0);
  EXPECT_DOUBLE_EQ(summary.deviation, std::sqrt(8.0 / 3.0));
  EXPECT_TRUE(std::isnan(summarize({3.0}).deviation));
  EXPECT_THROW(summarize({}), ConfigError);
}

// With one degree of freedom Student's distribution is Cauchy's: p = 1 − 2/π atan t.
TEST(Significance, TwoValuesFollowCauchy) {
  const auto test = one_sample_t_test({1.0, 3.0}, 0.5);
  EXPECT_DOUBLE_EQ(test.statistic, 1.5);
  EXPECT_DOUBLE_EQ(test.degrees_of_freedom, 1.0);
  EXPECT_NEAR(test.p_value, 1.0 - 2.0 / M_PI * std::atan(1.5), 1e-14);
}

// With two degrees of freedom p = 1 − t/√(2 + t²).
TEST(Significance, WelchOfEqualSpreadsAndSizes) {
  const auto test = welch_t_test({0.0, 2.0}, {3.0, 5.0});
  EXPECT_NEAR(test.statistic, -3.0 / std::sqrt(2.0), 1e-14);
  EXPECT_NEAR(test.degrees_of_freedom, 2.0, 1e-14);
  const double t = 3.0 / std::sqrt(2.0);
  EXPECT_NEAR(test.p_value, 1.0 - t / std::sqrt(2.0 + t * t), 1e-14);
}

void expect_undefined(const TTest& test) {
  EXPECT_TRUE(std::isnan(test.statistic));
  EXPECT_TRUE(std::isnan(test.p_value));
}

TEST(Significance, NothingIsSaidWithoutSpread) {
  expect_undefined(one_sample_t_test({2.0, 2.0}, 1.0));
  expect_undefined(one_sample_t_test({2.0, 2.0}, 2.0));
  expect_undefined(one_sample_t_test({1.0}, 0.0));
  expect_undefined(welch_t_test({1.0, 2.0}, {1.0}));
  expect_undefined(welch_t_test({2.0, 2.0}, {1.0, 1.0, 1.0}));
  EXPECT_THROW(one_sample_t_test({}, 0.0), ConfigError);
  // Equal but for rounding, where the mean of the sum is not the value.
  EXPECT_EQ(summarize({0.3, 0.1 + 0.2, 0.3}).deviation, 0.0);
  EXPECT_EQ(summarize(std::vector<double>(1000, 0.1)).mean, 0.1);
  expect_undefined(one_sample_t_test({0.3, 0.1 + 0.2, 0.3}, 0.2));
  expect_undefined(one_sample_t_test({0.3, NAN}, 0.2));
}

// scipy 1.17.1: ttest_ind([0.9, 0.9, 0.9], [0.8, 0.82], equal_var=False).
TEST(Significance, OneSideMayLackSpread) {
  const auto test = welch_t_test({0.9, 0.9, 0.9}, {0.8, 0.82});
  EXPECT_NEAR(test.statistic, 9.0, 1e-12);
  EXPECT_NEAR(test.degrees_of_freedom, 1.0, 1e-12);
  EXPECT_NEAR(test.p_value, 1.0 - 2.0 / M_PI * std::atan(9.0), 1e-13);
}

}  // namespace
}  // namespace sanas
