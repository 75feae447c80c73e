// SPDX-License-Identifier: Apache-2.0
// Stops, ends within an epoch, and returns to an earlier state: every epoch is reported once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "search/tiny_search.h"
#include "support/stop_after.h"

namespace sanas {
namespace {

using testing::ElementsAre;

/// Asks to stop when it is asked for the n-th time.
class Interrupter : public SearchObserver {
 public:
  explicit Interrupter(int64_t calls) : calls_(calls) {}
  bool wants_stop() const override { return calls_ == 0 || --calls_ == 0; }
  void on_epoch(const EpochReport& report) override { epochs.push_back(report.epoch); }
  std::vector<int64_t> epochs;
  void give_up() { calls_ = -1; }

 private:
  mutable int64_t calls_;
};

TEST(SearchStop, GoingBackLeavesOutWhatIsBetween) {
  TinySearch search(quick_options());
  Interrupter interrupter(4);  // asked at the beginning and before each step
  search.loop.add_observer(interrupter);
  search.loop.run();
  interrupter.give_up();
  ASSERT_EQ(search.loop.step(), 2);
  EXPECT_EQ(search.loop.state().meter1.count(), 8);
  search.loop.skip_to(2, 0);  // the same epoch of 3 mini-batches
  EXPECT_EQ(search.loop.state().meter1.count(), 8);
  search.loop.skip_to(4, 1);
  EXPECT_EQ(search.loop.state().meter1.count(), 0);
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  EXPECT_EQ(witness.steps.front().step, 4);
  EXPECT_EQ(witness.epochs.front().epoch, 1);
  EXPECT_EQ(witness.epochs.front().train1.count(), 8);
  EXPECT_EQ(witness.epochs.front().counts.rollbacks, 1);
}

TEST(SearchStop, AStopAtAnyMomentReportsEachEpochOnce) {
  auto options = quick_options();
  options.epochs = 2;
  options.method = SearchMethod::kPlain;
  for (int64_t calls = 1; calls < 14; ++calls) {
    TinySearch search(options);
    Interrupter interrupter(calls);
    search.loop.add_observer(interrupter);
    search.loop.run();
    const int64_t stopped_at = search.loop.step();
    interrupter.give_up();
    search.loop.run();
    EXPECT_THAT(interrupter.epochs, ElementsAre(0, 1)) << "stopped at step " << stopped_at;
    EXPECT_EQ(search.loop.step(), 6);
  }
}

TEST(SearchStop, AnEndWithinAnEpochIsReportedInSpiteOfASignalAndAgainAfterwards) {
  auto options = quick_options();
  options.max_steps = 4;
  options.validate_every = 0;  // nothing that could be stopped
  TinySearch search(options);
  Stopper stopper(4);
  Witness witness(search.loop);
  search.loop.add_observer(stopper);
  search.loop.add_observer(witness);
  EXPECT_TRUE(search.loop.run());
  EXPECT_TRUE(search.loop.finished());
  ASSERT_EQ(witness.epochs.size(), 2U);
  EXPECT_TRUE(search.loop.run());  // a resume of what is over: the report may have been lost
  ASSERT_EQ(witness.epochs.size(), 3U);
  EXPECT_EQ(witness.epochs[2].epoch, 1);
  EXPECT_EQ(search.loop.step(), 4);
}

class StopAtTheEndOfAnEpoch : public testing::TestWithParam<const char*> {
 protected:
  StopAtTheEndOfAnEpoch() {
    options_.epochs = 2;
    options_.method = SearchMethod::kPlain;
    options_.eigenvalue.every = 1;
    options_.eigenvalue.iterations = 3;
  }
  SearchOptions options_ = quick_options();
};

// The validation has two batches, the eigenvalue three iterations.
TEST_P(StopAtTheEndOfAnEpoch, LeavesAllOfItToBeDoneOnce) {
  TinySearch whole(options_);
  Witness expected(whole.loop);
  whole.loop.add_observer(expected);
  EXPECT_TRUE(whole.loop.run());
  for (const int64_t parts : {0, 1}) {
    TinySearch search(options_);
    StopAfter<SearchObserver> stop(GetParam(), parts);
    Witness witness(search.loop);
    search.loop.add_observer(stop);
    search.loop.add_observer(witness);
    EXPECT_FALSE(search.loop.run());
    EXPECT_EQ(search.loop.step(), 3);
    EXPECT_EQ(search.loop.counts().reported_epochs, 0);
    EXPECT_EQ(search.loop.state().meter1.count(), 12) << "the epoch's means must not be lost";
    EXPECT_TRUE(witness.epochs.empty());
    EXPECT_TRUE(search.loop.early_stopping().measurements().empty());
    EXPECT_FALSE(search.loop.run()) << "still asked to stop";
    stop.give_up();
    EXPECT_TRUE(search.loop.run());
    expect_same_bits(search.snapshot(), whole.snapshot());
    EXPECT_EQ(search.loop.early_stopping().measurements().size(), 2U);
    ASSERT_EQ(witness.epochs.size(), 2U);
    for (const size_t epoch : {0, 1}) {
      EXPECT_EQ(witness.epochs[epoch].epoch, static_cast<int64_t>(epoch));
      EXPECT_EQ(witness.epochs[epoch].train1.state(), expected.epochs[epoch].train1.state());
      EXPECT_EQ(witness.epochs[epoch].learning_rate, expected.epochs[epoch].learning_rate);
      EXPECT_EQ(witness.epochs[epoch].validation->state(),
                expected.epochs[epoch].validation->state());
      EXPECT_EQ(witness.epochs[epoch].eigenvalue, expected.epochs[epoch].eigenvalue);
    }
  }
}

TEST_P(StopAtTheEndOfAnEpoch, IsNoEndOfTheSearch) {
  options_.epochs = 1;
  for (const int64_t most : {0, 2}) {  // the last epoch, or a part of it
    options_.max_steps = most;
    TinySearch search(options_);
    StopAfter<SearchObserver> stop(GetParam(), 1);
    Witness witness(search.loop);
    search.loop.add_observer(stop);
    search.loop.add_observer(witness);
    EXPECT_FALSE(search.loop.run());
    EXPECT_TRUE(witness.epochs.empty());
    stop.give_up();
    EXPECT_TRUE(search.loop.run());
    EXPECT_EQ(witness.epochs.size(), 1U);
  }
}

INSTANTIATE_TEST_SUITE_P(Phases, StopAtTheEndOfAnEpoch, testing::Values("validation", "eigenvalue"),
                         [](const auto& info) { return std::string(info.param); });

TEST(SearchStop, GoingOntoTheEndOfAnEpochReportsIt) {
  TinySearch search(quick_options());
  Stopper stopper(2);
  Witness witness(search.loop);
  search.loop.add_observer(stopper);
  search.loop.add_observer(witness);
  search.loop.run();
  search.loop.skip_to(3, 1);  // the last mini-batch of the epoch failed
  stopper.on_step({});        // no longer asks
  EXPECT_EQ(search.loop.state().meter1.count(), 8);
  search.loop.run();
  ASSERT_EQ(witness.epochs.size(), 5U);
  EXPECT_EQ(witness.epochs[0].train1.count(), 8);
  EXPECT_FALSE(witness.epochs[0].partial);

  TinySearch far(quick_options());
  Witness later(far.loop);
  far.loop.add_observer(later);
  far.loop.skip_to(6, 1);  // the last one of epoch 1, from the state of the beginning
  far.loop.run();
  ASSERT_EQ(later.epochs.size(), 4U);
  EXPECT_EQ(later.epochs[0].epoch, 1);
  EXPECT_EQ(later.epochs[0].train1.count(), 0);
}

}  // namespace
}  // namespace sanas
