// SPDX-License-Identifier: Apache-2.0
// As tests/search/operator_counts_test.cpp, for the training and the test of a discrete network.
#include "support/operator_counts.h"

#include <gtest/gtest.h>

#include "sanas/kernels/kernel_choice.h"
#include "sanas/optim/classification_report.h"
#include "sanas/optim/metrics.h"
#include "support/convolution_watch.h"
#include "train/tiny_training.h"

namespace sanas {
namespace {

class TrainStepCounter : public TrainObserver {
 public:
  void on_step(const TrainStepReport& /*report*/) override {
    const OperatorCounts now = counter_.counts();
    steps.push_back(now - before_);
    before_ = now;
  }
  std::vector<OperatorCounts> steps;

 private:
  OperatorCounter counter_;
  OperatorCounts before_;
};

OperatorCounts second_step(EvaluationOptions options) {
  options.max_steps = 3;
  TinyTraining training(options);
  TrainStepCounter counter;
  training.loop.add_observer(counter);
  training.loop.run();
  EXPECT_EQ(counter.steps.size(), 3U);
  return counter.steps[1];
}

int64_t launches_of_a_pass() {
  TinyTraining training(tiny_options());
  training.network().train();
  const auto images = torch::rand({4, 3, 8, 8}, test_device());
  const auto labels = torch::zeros({4}, torch::kInt64).to(test_device());
  const OperatorCounter counter;
  gradients_of(cross_entropy(training.network().forward(images).logits, labels),
               training.network().parameters());
  return counter.counts().launches;
}

// Images and labels of each batch go to the device without waiting.
constexpr int64_t kBatch = 2;

TEST(OperatorCountsOfTraining, AStepWaitsOnce) {
  const auto counts = second_step(tiny_options());
  EXPECT_EQ(counts.waits, 1);
  EXPECT_EQ(counts.copies, kBatch + 1);
}

TEST(OperatorCountsOfTraining, AStepInPartsWaitsOnceToo) {
  auto options = tiny_options();
  options.accumulation_steps = 2;
  EXPECT_EQ(second_step(options).waits, 1);
}

TEST(OperatorCountsOfTraining, TheBookkeepingOfAStepDoesNotGrowWithTheNetwork) {
  const int64_t plain = second_step(tiny_options()).launches - launches_of_a_pass();
  EXPECT_GT(plain, 0);
  EXPECT_LE(plain, 25);
  auto skipping = tiny_options();
  skipping.on_nonfinite = NonFinitePolicy::kSkip;
  // To save the running statistics: those on the device, and the counts on the CPU.
  EXPECT_LE(second_step(skipping).launches - launches_of_a_pass(), plain + 2);
}

TEST(OperatorCountsOfTraining, ATestCopiesLogitsAndLabelsOfEachBatch) {
  TinyTraining training(tiny_options());
  const auto predict = [&](const torch::Tensor& pixels) {
    return training.network().forward(pixels).logits;
  };
  training.network().eval();
  int64_t copies = 0;
  int64_t batches = 0;
  training.test().start_epoch(0);
  while (const auto batch = training.test().next()) {
    ClassificationReport report(training.network().options().classes);
    const Batch moved = batch->to(test_device());
    const OperatorCounter counter;
    report.add(predict(moved.images), moved.labels);
    copies += counter.counts().copies;
    ++batches;
  }
  EXPECT_EQ(batches, 2);
  EXPECT_EQ(copies, 3 * batches);  // the third copies from host to host
}

// Not of operators, but seen in the same way.
TEST(TrainingPrecision, Tf32IsForTrainingAloneAndChangesNothingOnTheCpu) {
  allow_tf32(false);
  const ScopedComposed operators;  // which are counted
  auto options = tiny_options();
  options.epochs = 1;
  TinyTraining plain(options);
  plain.loop.run();
  options.precision = Precision::kTf32;
  TinyTraining training(options);
  {
    const ConvolutionWatch watch;
    training.loop.run();
    EXPECT_GT(watch.counts().tf32, 0);
    EXPECT_EQ(watch.counts().plain, 0);
  }
  EXPECT_FALSE(tf32_is_allowed());
  if (test_device().is_cpu()) {
    const auto actual = values_of(training.network());
    const auto expected = values_of(plain.network());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(torch::equal(actual[i], expected[i])) << i;
    }
  }
  options.test_each_epoch = true;
  TinyTraining tested(options);
  const ConvolutionWatch watch;
  tested.loop.run();
  EXPECT_GT(watch.counts().plain, 0) << "tests are in float32";
}

}  // namespace
}  // namespace sanas
