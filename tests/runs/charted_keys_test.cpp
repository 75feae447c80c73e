// SPDX-License-Identifier: Apache-2.0
// Reports chart by name what runs have recorded: a key that is renamed on one side fails here.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "report/chart_plans.h"
#include "runs/complete_records.h"

namespace sanas {
namespace {

/// The keys of the numbers of each phase.
std::map<std::string, std::set<std::string>> recorded_keys() {
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& record : test::complete_records()) {
    auto& numbers = keys[std::get<std::string>(record.front().second)];
    for (const auto& [key, value] : record) {
      if (std::holds_alternative<double>(value) || std::holds_alternative<int64_t>(value)) {
        numbers.insert(key);
      }
    }
  }
  return keys;
}

TEST(ChartedKeys, EveryPlannedLineIsRecorded) {
  const auto keys = recorded_keys();
  for (const auto* plans : {&chart_plans(), &compared_plans()}) {
    EXPECT_FALSE(plans->empty());
    for (const auto& plan : *plans) {
      ASSERT_TRUE(keys.contains(plan.phase)) << plan.phase;
      for (const auto& line : plan.lines) {
        EXPECT_TRUE(keys.at(plan.phase).contains(line.key)) << plan.phase << ": " << line.key;
      }
    }
  }
}

}  // namespace
}  // namespace sanas
