// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/search_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "search/tiny_search.h"
#include "support/stop_after.h"

namespace sanas {
namespace {

using testing::ElementsAre;

// Supplement §A.4.
TEST(SearchLoop, UpdatesW1EachTimeW2EachThirdAndTheArchitectureEachFifthTime) {
  TinySearch search(quick_options());
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  EXPECT_THAT(witness.moved[0], ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));
  EXPECT_THAT(witness.moved[1], ElementsAre(0, 3, 6, 9, 12));
  EXPECT_THAT(witness.moved[2], ElementsAre(0, 5, 10));
  ASSERT_EQ(witness.steps.size(), 15U);
  for (int64_t step = 0; step < 15; ++step) {
    const auto& report = witness.steps[static_cast<size_t>(step)];
    EXPECT_EQ(report.step, step);
    EXPECT_EQ(report.epoch, step / 3);
    EXPECT_TRUE(report.weights1.has_value());
    EXPECT_EQ(report.weights2.has_value(), step % 3 == 0);
    EXPECT_EQ(report.architecture.has_value(), step % 5 == 0);
  }
  ASSERT_EQ(witness.epochs.size(), 5U);
  EXPECT_EQ(witness.epochs[4].train1.count(), 12);
  EXPECT_EQ(witness.epochs[4].train2.count(), 4);
  EXPECT_EQ(witness.epochs[4].validation->count(), 8);
}

TEST(SearchLoop, OtherFrequenciesAreThoseAskedFor) {
  auto options = quick_options();
  options.update_every = {2, 4, 7};
  TinySearch search(options);
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  EXPECT_THAT(witness.moved[0], ElementsAre(0, 2, 4, 6, 8, 10, 12, 14));
  EXPECT_THAT(witness.moved[1], ElementsAre(0, 4, 8, 12));
  EXPECT_THAT(witness.moved[2], ElementsAre(0, 7, 14));
}

TEST(SearchLoop, TheArchitectureStandsStillUntilItsStartEpoch) {
  auto options = quick_options();
  options.architecture.start_epoch = 2;
  TinySearch search(options);
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  EXPECT_THAT(witness.moved[2], ElementsAre(10));  // epoch 2 begins with step 6
  EXPECT_EQ(witness.epochs[1].architecture_change, 0.0);
  EXPECT_GT(witness.epochs[3].architecture_change, 0.0);
}

TEST(SearchLoop, StopsAfterTheMostSteps) {
  auto options = quick_options();
  options.max_steps = 4;
  TinySearch search(options);
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  EXPECT_TRUE(search.loop.finished());
  EXPECT_EQ(search.loop.step(), 4);
  EXPECT_EQ(witness.steps.size(), 4U);
  EXPECT_EQ(witness.epochs.size(), 2U) << "the broken epoch is reported too";
}

// darts-family §4: lr_min + (lr − lr_min)(1 + cos(π e/E))/2, for W1 and W2 alike.
TEST(SearchLoop, TheLearningRateIsACosineOfTheEpoch) {
  auto options = quick_options();
  options.weights.schedule.learning_rate = 0.025;
  options.weights.schedule.min_learning_rate = 0.001;
  TinySearch search(options);
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  for (const auto& report : witness.steps) {
    const double angle = std::numbers::pi * static_cast<double>(report.epoch) / 5.0;
    EXPECT_NEAR(report.learning_rate, 0.001 + 0.024 * (1.0 + std::cos(angle)) / 2.0, 1e-15);
  }
  EXPECT_EQ(search.loop.weights1().learning_rate(), witness.steps.back().learning_rate);
  EXPECT_EQ(search.loop.weights2()->learning_rate(), witness.steps.back().learning_rate);
}

// darts-family §8.4 and §12, PC-DARTS on ImageNet: 0.5 (e + 1)/5 over the first five of 50 epochs.
TEST(SearchLoop, TheLearningRateWarmsUpAsConfigured) {
  auto options = quick_options();
  options.weights.schedule = {
      .learning_rate = 0.5, .warm_up_epochs = 5, .warm_up_base = WarmUpBase::kInitial};
  options.epochs = 50;
  options.max_steps = 16;
  options.validate_every = 0;
  options.update_every = {1, 100, 100};
  TinySearch search(options);
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  constexpr std::array<double, 6> kPublished{0.1, 0.2, 0.3, 0.4, 0.5, 0.4877641291};
  for (const auto& report : witness.steps) {
    EXPECT_NEAR(report.learning_rate, kPublished.at(static_cast<size_t>(report.epoch)), 1e-10);
  }
  EXPECT_EQ(witness.steps.back().epoch, 5);
  EXPECT_EQ(search.loop.weights2()->learning_rate(), search.loop.weights1().learning_rate());
}

// Running statistics are fixed in evaluation: only the sums are taken in another order.
TEST(SearchLoop, TheBatchSizeOfTheValidationChangesNoNumber) {
  auto options = quick_options();
  options.epochs = 1;
  TinySearch four(options);
  TinySearch eight(options);
  eight.validation().set_batch_size(1000);  // all of them
  EXPECT_EQ(eight.validation().batches_per_epoch(), 1);
  Witness witness4(four.loop);
  Witness witness8(eight.loop);
  StopAfter<SearchObserver> told("nothing", 0);
  four.loop.add_observer(witness4);
  eight.loop.add_observer(witness8);
  eight.loop.add_observer(told);
  four.loop.run();
  eight.loop.run();
  expect_same_bits(eight.snapshot(), four.snapshot());
  const auto& validation4 = *witness4.epochs[0].validation;
  const auto& validation8 = *witness8.epochs[0].validation;
  EXPECT_EQ(validation8.count(), 8);
  EXPECT_NEAR(validation8.loss(), validation4.loss(), 1e-6);
  EXPECT_EQ(validation8.top1(), validation4.top1());
  EXPECT_EQ(told.reports.back().total, 1);
}

TEST(SearchLoop, TheEigenvalueOfHalfAnEpochIsNotOneOfTheStoppingRule) {
  auto options = quick_options();
  options.eigenvalue.every = 1;
  options.max_steps = 4;
  TinySearch search(options);
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  EXPECT_TRUE(witness.epochs[1].eigenvalue.has_value());
  EXPECT_EQ(search.loop.early_stopping().measurements().size(), 1U);
}

/// Compares the running statistics of W1 with those after the first step.
class StatisticsWatch : public SearchObserver {
 public:
  explicit StatisticsWatch(const Supernet& net) : net_(net) {}
  void on_step(const StepReport& /*report*/) override {
    if (first_.empty()) {
      first_ = clone(net_.buffers());
    }
    EXPECT_TRUE(same_bits(net_.buffers(), first_));
  }

 private:
  const Supernet& net_;
  TensorList first_;
};

TEST(SearchLoop, NeitherAttackNorArchitectTouchesTheRunningStatistics) {
  auto options = quick_options();
  options.update_every = {100, 1, 1};
  options.hypergradient.order = HypergradientOrder::kSecond;
  options.max_steps = 4;
  TinySearch search(options);
  StatisticsWatch watch(*search.loop.networks().net1);
  search.loop.add_observer(watch);
  search.loop.run();
  const auto updates = [](const Supernet& net) {
    return net.named_buffers()["stem.1.num_batches_tracked"].item<int64_t>();
  };
  EXPECT_EQ(updates(*search.loop.networks().net1), 1);
  EXPECT_EQ(updates(*search.loop.networks().net2), 4);
}

/// Draws random numbers all the time.
class Gambler : public SearchObserver {
 public:
  void on_step(const StepReport& /*report*/) override { torch::rand({5}); }
  void on_epoch(const EpochReport& /*report*/) override { torch::randn({5}); }
};

class SearchOfAFamily : public testing::TestWithParam<const char*> {
 protected:
  SearchOfAFamily() {
    options_.epochs = 2;
    options_.update_every.architecture = 2;
  }
  SearchOptions options_ = quick_options();
};

// Reports of split terms, validation, observers and the caller's random numbers.
TEST_P(SearchOfAFamily, WhoLooksOnChangesNothing) {
  options_.hypergradient.order = HypergradientOrder::kSecond;
  options_.report_every = 1;
  TinySearch watched(options_, GetParam());
  Witness witness(watched.loop);
  Gambler gambler;
  watched.loop.add_observer(witness);
  watched.loop.add_observer(gambler);
  torch::manual_seed(1);
  watched.loop.run();
  ASSERT_TRUE(witness.epochs.back().validation.has_value());

  options_.report_every = 1000;
  options_.validate_every = 0;
  TinySearch alone(options_, GetParam());
  torch::manual_seed(2);
  alone.loop.run();
  expect_same_bits(alone.snapshot(), watched.snapshot());
}

TEST_P(SearchOfAFamily, GoesOnAfterAStopAsIfNothingHadHappened) {
  TinySearch whole(options_, GetParam());
  whole.loop.run();
  for (const int64_t steps : {2, 3}) {  // within and at the end of an epoch
    TinySearch search(options_, GetParam());
    Stopper stopper(steps);
    Witness witness(search.loop);
    search.loop.add_observer(stopper);
    search.loop.add_observer(witness);
    search.loop.run();
    EXPECT_EQ(search.loop.step(), steps);
    EXPECT_FALSE(search.loop.finished());
    stopper.on_step({});  // no longer asks
    search.loop.run();
    EXPECT_TRUE(search.loop.finished());
    expect_same_bits(search.snapshot(), whole.snapshot());
    ASSERT_EQ(witness.epochs.size(), 2U);
    EXPECT_EQ(witness.epochs[0].train1.count(), 12);
  }
}

TEST_P(SearchOfAFamily, APlainSearchHasOneNetwork) {
  options_.method = SearchMethod::kPlain;
  TinySearch search(options_, GetParam());
  Witness witness(search.loop);
  search.loop.add_observer(witness);
  search.loop.run();
  EXPECT_EQ(search.loop.networks().net2, nullptr);
  EXPECT_EQ(search.loop.weights2(), nullptr);
  EXPECT_EQ(witness.moved[0].size(), 6U);
  EXPECT_THAT(witness.moved[2], ElementsAre(0, 2, 4));
  for (const auto& report : witness.steps) {
    EXPECT_FALSE(report.weights2.has_value());
  }
  EXPECT_EQ(witness.epochs.back().train2.count(), 0);
}

INSTANTIATE_TEST_SUITE_P(Families, SearchOfAFamily,
                         testing::Values("darts", "pcdarts", "pdarts", "prdarts"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sanas
