// SPDX-License-Identifier: Apache-2.0
// What a step of a search asks of a GPU, counted on the CPU: how often the host waits for it, and
// how many kernels are launched besides those of the networks. All three numbers are bounds with a
// reason each; whoever adds an `.item()` to a step meets them here.
#include "support/operator_counts.h"

#include <gtest/gtest.h>

#include <vector>

#include "search/tiny_search.h"

namespace sanas {
namespace {

/// Counts from the end of one step to the end of the next, the loading of its images included.
class StepCounter : public SearchObserver {
 public:
  void on_step(const StepReport& /*report*/) override {
    const OperatorCounts now = counter_.counts();
    steps.push_back(now - before_);
    before_ = now;
  }

  std::vector<OperatorCounts> steps;

 private:
  OperatorCounter counter_;
  OperatorCounts before_;
};

SearchOptions counted_options() {
  SearchOptions options;
  options.epochs = 2;
  options.report_every = 100;
  options.attack.steps = 2;
  options.validate_every = 0;
  options.architecture.start_epoch = 2;  // not in this search
  options.update_every = {.weights1 = 1, .weights2 = 3, .architecture = 4};
  return options;
}

/// The fifth of six steps, in the middle of the second epoch: neither reported nor followed or led
/// by what is done once in an epoch.
OperatorCounts fifth_step(const SearchOptions& options) {
  TinySearch search(options);
  StepCounter counter;
  search.loop.add_observer(counter);
  search.loop.run();
  EXPECT_EQ(counter.steps.size(), 6U);
  return counter.steps[4];
}

/// What the network itself takes: forward and backward.
int64_t launches_of_a_pass(const SearchOptions& options) {
  TinySearch search(options);
  Supernet& net = *search.loop.networks().net1;
  net.train();
  const auto images = torch::rand({4, 3, 8, 8}, test_device());
  const auto labels = torch::zeros({4}, torch::kInt64).to(test_device());
  const OperatorCounter counter;
  gradients_of(cross_entropy(net.forward(images), labels), net.parameters());
  return counter.counts().launches;
}

// Images and labels of each batch go to the device without waiting.
constexpr int64_t kBatch = 2;

TEST(OperatorCounts, AWeightStepWaitsOnceForLossHitsAndNorm) {
  const auto counts = fifth_step(counted_options());
  EXPECT_EQ(counts.waits, 1);
  EXPECT_EQ(counts.copies, kBatch + 1);
}

TEST(OperatorCounts, TheBookkeepingOfAWeightStepDoesNotGrowWithTheNetwork) {
  const auto options = counted_options();
  // Norm and clipping 6, the step itself 4, hits 5, what goes to the host 5, the images 2, and what
  // else there is, for a network of any size.
  const int64_t besides = fifth_step(options).launches - launches_of_a_pass(options);
  EXPECT_LE(besides, 24);
  EXPECT_GT(besides, 0);
}

TEST(OperatorCounts, AnAttackWaitsForTheRangeOfItsPixelsAndOnceForItsResult) {
  auto options = counted_options();
  options.update_every.weights2 = 4;
  const auto with_w2 = fifth_step(options);
  // W1's step, the attack's two and that of W2.
  EXPECT_EQ(with_w2.waits, 4);
  EXPECT_EQ(with_w2.copies, kBatch + 3);
}

TEST(OperatorCounts, MoreStepsOfAnAttackWaitNoMore) {
  auto options = counted_options();
  options.update_every.weights2 = 4;
  options.attack.steps = 7;
  EXPECT_EQ(fifth_step(options).waits, 4);
}

TEST(OperatorCounts, AnArchitectureStepWaitsOnceForItsLossesAndForEachProduct) {
  auto options = counted_options();
  options.architecture.start_epoch = 0;
  for (const auto approximation :
       {SecondOrderApproximation::kExact, SecondOrderApproximation::kFiniteDifference}) {
    options.hypergradient.approximation = approximation;
    const auto counts = fifth_step(options);
    // Of W1's step 1. All losses together 1, the range of the attacked pixels 1, the lengths of the
    // vectors of three products 3, norms and cosines 1, the norm that the optimizer gives back 1.
    EXPECT_EQ(counts.waits, 8) << to_string(approximation);
    EXPECT_LE(counts.copies, 2 * kBatch + 4) << to_string(approximation);
  }
}

TEST(OperatorCounts, SeesASingleItem) {
  const OperatorCounter counter;
  const auto x = torch::ones({3});
  EXPECT_EQ(counter.counts().waits, 0);
  EXPECT_EQ(x.sum().item<double>(), 3.0);
  EXPECT_EQ(counter.counts().waits, 1);
  EXPECT_EQ(x.to(torch::kCPU).size(0), 3);
  EXPECT_EQ(counter.counts().waits, 2);
  EXPECT_EQ(x.to(torch::kCPU, /*non_blocking=*/true).size(0), 3);
  EXPECT_EQ(counter.counts().waits, 2);
  EXPECT_EQ(counter.counts().copies, 2);
}

}  // namespace
}  // namespace sanas
