// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/run_cursor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sanas {
namespace {

/// A mini-batch (epoch, number in it), or a report (epoch, kPart or kWhole).
using Event = std::pair<int64_t, int64_t>;
constexpr int64_t kPart = -1;
constexpr int64_t kWhole = -2;

/// All that a run does if nobody stops it, counted on the fingers.
std::vector<Event> expected_events(const RunLength& length) {
  std::vector<Event> events;
  int64_t left = length.max_steps > 0 ? length.max_steps : length.epochs * length.steps_per_epoch;
  for (int64_t epoch = 0; epoch < length.epochs && left > 0; ++epoch) {
    int64_t number = 0;
    for (; number < length.steps_per_epoch && left > 0; ++number, --left) {
      events.emplace_back(epoch, number);
    }
    events.emplace_back(epoch, number == length.steps_per_epoch ? kWhole : kPart);
  }
  return events;
}

/// Asks to stop when it is asked for the n-th time, and from then on.
class StopAt : public PhaseObserver {
 public:
  explicit StopAt(int64_t calls) : calls_(calls) {}
  bool wants_stop() const override { return calls_ == 0 || --calls_ == 0; }

 private:
  mutable int64_t calls_;
};

/// What both loops do with a cursor, without the work.
bool run(RunCursor& cursor, const PhaseObserver& observer, std::vector<Event>& events) {
  return run_epochs(cursor, observer, [&] {
    while (!cursor.is_epoch_done() && !cursor.no_steps_left()) {
      check_stop(observer);
      events.emplace_back(cursor.epoch(), cursor.steps_of_epoch());
      cursor.advance();
    }
    check_stop(observer);  // the epoch is tested
    events.emplace_back(cursor.epoch(), cursor.is_epoch_done() ? kWhole : kPart);
    if (cursor.is_epoch_done()) {
      cursor.end_epoch();
    }
  });
}

std::vector<RunLength> small_lengths() {
  std::vector<RunLength> lengths;
  for (int64_t epochs = 1; epochs <= 3; ++epochs) {
    for (int64_t steps = 1; steps <= 3; ++steps) {
      for (int64_t most = 0; most <= epochs * steps + 1; ++most) {
        lengths.push_back({epochs, steps, most});
      }
    }
  }
  return lengths;
}

std::string text(const RunLength& length) {
  return std::to_string(length.epochs) + " epochs of " + std::to_string(length.steps_per_epoch) +
         ", at most " + std::to_string(length.max_steps);
}

TEST(RunLength, IsThatOfItsEpochsOrItsLimit) {
  const auto steps = [](int64_t most) { return RunLength{3, 5, most}.steps(); };
  EXPECT_EQ(steps(0), 15);  // no limit
  EXPECT_EQ(steps(1), 1);
  EXPECT_EQ(steps(14), 14);
  EXPECT_EQ(steps(15), 15);
  EXPECT_EQ(steps(16), 15);
  EXPECT_EQ((RunLength{0, 5, 7}.steps()), 0);
}

TEST(RunCursor, GoesOverEveryMiniBatchAndReportsEveryEpochOnce) {
  for (const auto& length : small_lengths()) {
    RunCursor cursor(length);
    std::vector<Event> events;
    EXPECT_TRUE(run(cursor, nobody(), events));
    EXPECT_EQ(events, expected_events(length)) << text(length);
    EXPECT_TRUE(cursor.is_finished());
  }
}

// Whenever it is stopped, another cursor goes on from the counts alone.
TEST(RunCursor, AStopAtAnyMomentLosesAndDoublesNothing) {
  for (const auto& length : small_lengths()) {
    for (int64_t calls = 1; calls < 30; ++calls) {
      RunCursor first(length);
      std::vector<Event> events;
      if (run(first, StopAt(calls), events)) {
        break;
      }
      EXPECT_FALSE(events == expected_events(length)) << text(length);
      RunCursor second(length);
      second.set_counts(first.counts());
      EXPECT_TRUE(run(second, nobody(), events));
      EXPECT_EQ(events, expected_events(length)) << text(length) << ", stopped at " << calls;
    }
  }
}

TEST(RunCursor, OneThatHasEndedWithinAnEpochReportsThatOnceMore) {
  for (const auto& length : small_lengths()) {
    RunCursor cursor(length);
    std::vector<Event> events;
    run(cursor, nobody(), events);
    const Event last = events.back();
    events.clear();
    EXPECT_TRUE(run(cursor, nobody(), events));
    EXPECT_EQ(events, last.second == kPart ? std::vector<Event>{last} : std::vector<Event>{})
        << text(length);
  }
}

TEST(RunCursor, KnowsTheLastMiniBatchOfAnEpochAndOfTheRun) {
  for (const auto& length : small_lengths()) {
    const auto events = expected_events(length);
    RunCursor cursor(length);
    for (size_t i = 0; i < events.size(); ++i) {
      if (events[i].second >= 0) {
        EXPECT_EQ(cursor.is_last_step(), events[i + 1].second < 0) << text(length);
        cursor.advance();
      } else if (events[i].second == kWhole) {
        cursor.end_epoch();
      }
    }
  }
}

// The epoch that then is to be reported is that of the last mini-batch left out.
TEST(RunCursor, SkippingLeadsIntoTheEpochOfTheLastMiniBatchLeftOut) {
  for (int64_t steps = 1; steps <= 3; ++steps) {
    for (int64_t from = 0; from <= 3 * steps; ++from) {
      for (int64_t to = from; to <= 3 * steps; ++to) {
        RunCursor cursor({3, steps, 0});
        cursor.set_counts({.step = from, .reported_epochs = from / steps, .rollbacks = 1});
        std::vector<int64_t> left_out;
        for (int64_t step = from; step < to; ++step) {
          left_out.push_back(step / steps);
        }
        const int64_t epoch = left_out.empty() ? from / steps : left_out.back();
        EXPECT_EQ(cursor.skip_to(to, 2), epoch != from / steps);
        EXPECT_EQ(cursor.counts(),
                  (RunCounts{.step = to, .reported_epochs = epoch, .rollbacks = 2}));
      }
    }
  }
}

TEST(RunCursor, AnEarlyEndLeavesTheReportOfAWholeEpochToBeMade) {
  RunCursor cursor({5, 2, 0});
  cursor.advance();
  cursor.advance();
  cursor.end_early();
  EXPECT_TRUE(cursor.no_steps_left());
  EXPECT_FALSE(cursor.is_finished());
  std::vector<Event> events;
  EXPECT_TRUE(run(cursor, nobody(), events));
  EXPECT_EQ(events, (std::vector<Event>{{0, kWhole}}));
}

TEST(RunCursor, CountsWhatIsLeftOut) {
  RunCursor cursor({1, 1, 0});
  cursor.skip_update();
  cursor.skip_images(3);
  cursor.skip_images(0);
  cursor.skip_update();
  EXPECT_EQ(cursor.counts(), (RunCounts{.skipped_updates = 2, .skipped_images = 3}));
}

}  // namespace
}  // namespace sanas
