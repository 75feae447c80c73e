// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "search/tiny_search.h"

namespace sanas {
namespace {

using testing::ElementsAre;

/// What each mini-batch was told to do, in this order: "1", "2" and "a".
class LevelWatch : public SearchObserver {
 public:
  void on_level(SearchLevel level) override {
    now_ += level == SearchLevel::kWeights1 ? '1' : level == SearchLevel::kWeights2 ? '2' : 'a';
  }
  void on_step(const StepReport& report) override {
    EXPECT_EQ(now_.find('1') != std::string::npos, report.weights1.has_value());
    EXPECT_EQ(now_.find('2') != std::string::npos, report.weights2.has_value());
    EXPECT_EQ(now_.find('a') != std::string::npos, report.architecture.has_value());
    steps.push_back(std::exchange(now_, ""));
  }

  std::vector<std::string> steps;

 private:
  std::string now_;
};

std::vector<std::string> levels_of(const SearchOptions& options) {
  TinySearch search(options);
  LevelWatch watch;
  search.loop.add_observer(watch);
  search.loop.run();
  return watch.steps;
}

// Supplement §A.4 and algorithm 1.
TEST(SearchLevels, AreToldBeforeEachUpdate) {
  auto options = quick_options();
  options.epochs = 2;
  EXPECT_THAT(levels_of(options), ElementsAre("a12", "1", "1", "12", "1", "a1"));
}

TEST(SearchLevels, ComeInTheOrderOfTheUpdates) {
  auto options = quick_options();
  options.epochs = 1;
  options.update_order = UpdateOrder::kWeightsFirst;
  EXPECT_THAT(levels_of(options), ElementsAre("12a", "1", "1"));
}

TEST(SearchLevels, AnArchitectureOfSeveralStepsIsToldOfEach) {
  auto options = quick_options();
  options.epochs = 1;
  options.architecture.steps = 2;
  EXPECT_THAT(levels_of(options), ElementsAre("aa12", "1", "1"));
}

TEST(SearchLevels, APlainSearchHasNoSecondNetwork) {
  auto options = quick_options();
  options.epochs = 1;
  options.method = SearchMethod::kPlain;
  EXPECT_THAT(levels_of(options), ElementsAre("a1", "1", "1"));
}

TEST(SearchLevels, ToListenChangesNothing) {
  TinySearch watched(quick_options());
  LevelWatch watch;
  watched.loop.add_observer(watch);
  watched.loop.run();
  TinySearch alone(quick_options());
  alone.loop.run();
  expect_same_bits(watched.snapshot(), alone.snapshot());
  EXPECT_EQ(watch.steps.size(), 15U);
}

}  // namespace
}  // namespace sanas
