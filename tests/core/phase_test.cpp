// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/phase.h"

#include <gtest/gtest.h>

#include "support/stop_after.h"

namespace sanas {
namespace {

/// Parts that are done of a task of 3 before the observer stops it; −1 where it isn't stopped.
int64_t done_before_stop(PhaseObserver& observer) {
  int64_t done = 0;
  try {
    Phase phase(observer, "task", 3);
    while (done < 3) {
      ++done;
      phase.advance();
    }
  } catch (const Interrupted&) {
    return done;
  }
  return -1;
}

TEST(Phase, TellsOfItsBeginningAndOfEachPart) {
  StopAfter<> nobody_stops("another", 0);
  EXPECT_EQ(done_before_stop(nobody_stops), -1);
  ASSERT_EQ(nobody_stops.reports.size(), 4U);
  for (int64_t i = 0; i < 4; ++i) {
    const auto& report = nobody_stops.reports[static_cast<size_t>(i)];
    EXPECT_EQ(report.name, "task");
    EXPECT_EQ(report.done, i);
    EXPECT_EQ(report.total, 3);
  }
}

TEST(Phase, StopsBeforeAnyPartButNotWhenAllAreDone) {
  for (int64_t parts = 0; parts < 3; ++parts) {
    StopAfter<> observer("task", parts);
    EXPECT_EQ(done_before_stop(observer), parts);
  }
  StopAfter<> too_late("task", 3);
  EXPECT_EQ(done_before_stop(too_late), -1);
}

TEST(Phase, OfNothingIsNotStopped) {
  StopAfter<> observer("nothing", 0);
  EXPECT_NO_THROW(Phase(observer, "nothing", 0));
  EXPECT_THROW(check_stop(observer), Interrupted);
  EXPECT_NO_THROW(check_stop(nobody()));
}

TEST(Observers, AreAllToldAndAnyOfThemStops) {
  Observers<PhaseObserver> all;
  StopAfter<> first("task", 2);
  StopAfter<> second("task", 1);
  all.add(first);
  all.add(second);
  EXPECT_EQ(done_before_stop(all), 1);
  EXPECT_EQ(first.reports.size(), 2U);
  EXPECT_EQ(second.reports.size(), 2U);
}

}  // namespace
}  // namespace sanas
