// SPDX-License-Identifier: Apache-2.0
#include "report/charts/axes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanas {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::Pointwise;

constexpr Frame kFrame{120, 70, 10, 10, 5, 15, 5, true};  // 100 wide and 50 high inside

std::vector<std::string> texts(const std::vector<double>& ticks) {
  std::vector<std::string> result;
  for (const double tick : ticks) {
    result.push_back(tick_text(tick, ticks));
  }
  return result;
}

TEST(Axes, TicksAreRoundNumbersInsideTheRange) {
  EXPECT_THAT(linear_ticks({0.0, 1.0}, 5), Pointwise(DoubleEq(), {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}));
  EXPECT_THAT(linear_ticks({-3.0, 9.0}, 5), ElementsAre(-2.0, 0.0, 2.0, 4.0, 6.0, 8.0));
  EXPECT_THAT(linear_ticks({0.0, 19500.0}, 5), ElementsAre(0.0, 5000.0, 10000.0, 15000.0));
  EXPECT_THAT(logarithmic_ticks({0.02, 300.0}), ElementsAre(0.1, 1.0, 10.0, 100.0));
  EXPECT_THAT(logarithmic_ticks({2.0, 6.0}), ElementsAre(2.0, 3.0, 4.0, 5.0, 6.0));
}

TEST(Axes, TicksOfAnAxisAreWrittenAlike) {
  EXPECT_THAT(texts({0.0, 0.2, 0.4}), ElementsAre("0", "0.2", "0.4"));
  EXPECT_THAT(texts({1.0, 10.0, 100.0}), ElementsAre("1", "10", "100"));
  EXPECT_THAT(texts({1e-5, 1e-4, 1e-3}), ElementsAre("10⁻⁵", "10⁻⁴", "10⁻³"));
  EXPECT_THAT(texts({0.0, 2e6, 4e6}), ElementsAre("0", "2e+06", "4e+06"));
}

TEST(Axes, FixedRangesEndAtTheFrame) {
  Extent extent{.x = {0.0, 4.0}, .y = {0.25, 0.5}, .whole_y = false};
  extent.y_range = {0.0, 1.0};
  const Axes axes(extent, kFrame);
  EXPECT_DOUBLE_EQ(axes.x(0.0), 10.0);
  EXPECT_DOUBLE_EQ(axes.x(3.0), 85.0);
  EXPECT_DOUBLE_EQ(axes.y(0.0), 55.0);
  EXPECT_DOUBLE_EQ(axes.y(1.0), 5.0);
  EXPECT_DOUBLE_EQ(axes.y(0.5), 30.0);
}

TEST(Axes, WholeNumbersHaveWholeTicks) {
  EXPECT_THAT(Axes({.x = {0.0, 2.0}, .y = {0.0, 1.0}}, kFrame).x_ticks(),
              ElementsAre(0.0, 1.0, 2.0));
  EXPECT_THAT(Axes({.x = {0.0, 2.0}, .y = {0.0, 1.0}, .whole_x = false}, kFrame).x_ticks(),
              ElementsAre(0.0, 0.5, 1.0, 1.5, 2.0));
}

}  // namespace
}  // namespace sanas
