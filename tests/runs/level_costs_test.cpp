// SPDX-License-Identifier: Apache-2.0
#include "runs/search/level_costs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanas {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LevelCosts, AddsUpWhatEachLevelTook) {
  LevelCosts costs;
  StepReport report;
  report.weights1 = LevelReport{.passes = 1, .seconds = 0.25, .peak_memory_bytes = 3LL << 29};
  costs.on_step(report);
  report.weights1 = LevelReport{.passes = 2, .seconds = 0.75, .peak_memory_bytes = 1LL << 30};
  report.architecture.emplace();
  report.architecture->passes = 17;
  report.architecture->seconds = 2.0;
  costs.on_step(report);
  EXPECT_THAT(
      costs.lines(),
      ElementsAre("weights 1      2 updates, 1.5 passes and 0.50 s each, 1.0 s in all, memory up "
                  "to 1.50 GiB",
                  "architecture   1 updates, 17.0 passes and 2.00 s each, 2.0 s in all, memory up "
                  "to 0.00 GiB"));
  EXPECT_EQ(costs.architecture_passes(), 17);
}

TEST(LevelCosts, SaysNothingOfLevelsThatStoodStill) {
  LevelCosts costs;
  costs.on_step({});
  EXPECT_THAT(costs.lines(), IsEmpty());
  EXPECT_EQ(costs.architecture_passes(), 0);
}

}  // namespace
}  // namespace sanas
