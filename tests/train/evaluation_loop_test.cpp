// SPDX-License-Identifier: Apache-2.0
#include "sanas/train/evaluation_loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/stop_after.h"
#include "train/tiny_training.h"

namespace sanas {
namespace {

double largest_difference(const TensorList& a, const TensorList& b) {
  double largest = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, (a[i] - b[i]).abs().max().item<double>());
  }
  return largest;
}

ClassificationReport tested(TinyTraining& training, const TensorList& values, DataLoader& images) {
  const ScopedValues at_values(values_of(training.network()), clone(values));
  return test_classifier(predictor(training.network(), {}), images,
                         {training.network().options().classes, test_device()});
}

TEST(EvaluationLoop, RunsTheEpochsAndFollowsTheSchedule) {
  TinyTraining training(tiny_options());
  TrainWitness witness(training.loop);
  training.loop.add_observer(witness);
  training.loop.run();
  ASSERT_EQ(witness.steps.size(), 9U);
  ASSERT_EQ(witness.epochs.size(), 3U);
  for (int64_t step = 0; step < 9; ++step) {
    const auto& report = witness.steps[static_cast<size_t>(step)];
    EXPECT_EQ(report.epoch, step / 3);
    EXPECT_DOUBLE_EQ(report.learning_rate,
                     0.5 * 0.025 * (1.0 + std::cos(M_PI * static_cast<double>(step / 3) / 3.0)));
  }
  EXPECT_EQ(witness.epochs[0].train.count(), 12);
  EXPECT_FALSE(witness.epochs[2].test.has_value());
  EXPECT_TRUE(training.loop.finished());
}

// What the loop does with parts is the mean of their gradients: one step of SGD by hand.
TEST(EvaluationLoop, AccumulationIsTheMeanOverTheParts) {
  auto options = tiny_options();
  options.accumulation_steps = 3;  // of 4 images: parts of 2 and 2
  options.max_steps = 1;
  options.weights.momentum = 0.0;
  options.weights.weight_decay = 0.0;
  options.weights.gradient_clip = 0.0;
  TinyTraining training(options);
  training.train().start_epoch(0);
  const Batch batch = training.train().next()->to(test_device());
  auto& net = training.network();
  TensorList expected = clone(net.parameters());
  {
    const ScopedBuffers buffers(net);
    net.train();
    for (const int64_t first : {0, 2}) {
      const auto loss = cross_entropy(net.forward(batch.images.narrow(0, first, 2)).logits,
                                      batch.labels.narrow(0, first, 2));
      add_in_place(expected, gradients_of(loss, net.parameters()),
                   -0.5 * options.weights.schedule.learning_rate);
    }
  }
  TrainWitness witness(training.loop);
  training.loop.add_observer(witness);
  training.loop.run();
  EXPECT_LT(largest_difference(expected, net.parameters()), 1e-6);
  EXPECT_EQ(witness.epochs.back().train.count(), 4);
}

TEST(EvaluationLoop, TheMovingAverageIsThatOfItsDefinition) {
  auto options = tiny_options();
  options.ema_decay = 0.6;
  TinyTraining training(options);
  TrainWitness witness(training.loop);
  training.loop.add_observer(witness);
  training.loop.run();
  TensorList expected = clone(witness.values.front());
  for (size_t step = 1; step < witness.values.size(); ++step) {
    for (size_t i = 0; i < expected.size(); ++i) {
      expected[i] = expected[i].is_floating_point()
                        ? 0.6 * expected[i] + 0.4 * witness.values[step][i]
                        : witness.values[step][i];
    }
  }
  EXPECT_LT(largest_difference(expected, training.loop.reported_values()), 1e-6);
  EXPECT_GT(largest_difference(witness.values.back(), training.loop.reported_values()), 1e-3);
}

TEST(EvaluationLoop, ANetworkWithinAnEpochIsNotSelected) {
  auto options = tiny_options();
  options.selection = Selection::kTest;
  options.max_steps = 4;  // of 3 in an epoch
  TinyTraining training(options);
  TrainWitness witness(training.loop);
  training.loop.add_observer(witness);
  training.loop.run();
  EXPECT_TRUE(witness.epochs[1].test.has_value());
  EXPECT_EQ(training.loop.best().epoch, 0);
}

class SelectionTest : public testing::TestWithParam<Selection> {};

TEST_P(SelectionTest, ReportsTheBestEpochAndLeavesTheTrainingAsItIs) {
  auto options = tiny_options();
  options.epochs = 6;
  options.weights.schedule.learning_rate = 0.2;  // so large that accuracies go up and down
  TinyTraining plain(options);
  TrainWitness witness(plain.loop);
  plain.loop.add_observer(witness);
  plain.loop.run();
  const bool on_test = GetParam() == Selection::kTest;
  std::vector<double> scores;
  for (const auto& values : witness.epoch_values) {
    scores.push_back(
        tested(plain, values, on_test ? plain.test() : plain.holdout()).meter().top1());
  }
  const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();

  options.selection = GetParam();
  TinyTraining selecting(options);
  selecting.loop.run();
  EXPECT_EQ(selecting.loop.best().epoch, best);
  EXPECT_EQ(selecting.loop.best().top1, scores[static_cast<size_t>(best)]);
  EXPECT_EQ(largest_difference(selecting.loop.reported_values(),
                               witness.epoch_values[static_cast<size_t>(best)]),
            0.0);
  EXPECT_EQ(largest_difference(values_of(selecting.network()), values_of(plain.network())), 0.0);
}

INSTANTIATE_TEST_SUITE_P(Selections, SelectionTest,
                         testing::Values(Selection::kValidation, Selection::kTest));

TEST(EvaluationLoop, TrainsOnTheImagesThatTheInputFunctionMakes) {
  int64_t calls = 0;
  TinyTraining dark(tiny_options(), [&](const torch::Tensor& pixels) {
    ++calls;
    return torch::zeros_like(pixels);
  });
  TrainWitness witness(dark.loop);
  dark.loop.add_observer(witness);
  dark.loop.run();
  EXPECT_EQ(calls, 9);
  // All images look alike: batch norm makes every feature its shift, and all logits of an image
  // equal those of the others.
  dark.network().train();
  const auto logits = dark.network().forward(torch::zeros({3, 3, 8, 8}).to(test_device())).logits;
  EXPECT_LT((logits - logits[0]).abs().max().item<double>(), 1e-6);
}

// Both the held-out and the test images have two batches of four.
TEST(EvaluationLoop, AStopInATestLeavesTheEpochToBeReportedOnce) {
  auto options = tiny_options();
  options.selection = Selection::kValidation;
  options.test_each_epoch = true;
  TinyTraining whole(options);
  TrainWitness expected(whole.loop);
  whole.loop.add_observer(expected);
  EXPECT_TRUE(whole.loop.run());
  for (const auto& [phase, parts] : {std::pair{"validation", 0}, {"validation", 1}, {"test", 1}}) {
    TinyTraining training(options);
    StopAfter<TrainObserver> stop(phase, parts);
    TrainWitness witness(training.loop);
    training.loop.add_observer(stop);
    training.loop.add_observer(witness);
    EXPECT_FALSE(training.loop.run());
    EXPECT_EQ(training.loop.step(), 3);
    EXPECT_EQ(training.loop.counts().reported_epochs, 0);
    EXPECT_EQ(training.loop.best().epoch, -1);
    EXPECT_EQ(training.loop.state().meter.count(), 12);
    EXPECT_TRUE(witness.epochs.empty());
    stop.give_up();
    EXPECT_TRUE(training.loop.run());
    ASSERT_EQ(witness.epochs.size(), 3U);
    for (size_t epoch = 0; epoch < 3; ++epoch) {
      EXPECT_EQ(witness.epochs[epoch].train.state(), expected.epochs[epoch].train.state());
      EXPECT_EQ(witness.epochs[epoch].test->meter().state(),
                expected.epochs[epoch].test->meter().state());
    }
    EXPECT_EQ(training.loop.best().epoch, whole.loop.best().epoch);
    EXPECT_EQ(largest_difference(values_of(training.network()), values_of(whole.network())), 0.0);
  }
}

TEST(EvaluationLoop, AStopInTheLastTestIsNoEnd) {
  auto options = tiny_options();
  options.epochs = 1;
  options.test_each_epoch = true;
  for (const int64_t most : {0, 2}) {  // the whole epoch, or a part of it
    options.max_steps = most;
    TinyTraining training(options);
    StopAfter<TrainObserver> stop("test", 1);
    TrainWitness witness(training.loop);
    training.loop.add_observer(stop);
    training.loop.add_observer(witness);
    EXPECT_FALSE(training.loop.run());
    EXPECT_TRUE(witness.epochs.empty());
    stop.give_up();
    EXPECT_TRUE(training.loop.run());
    EXPECT_EQ(witness.epochs.size(), 1U);
  }
}

TEST(TestClassifier, EndsBetweenBatchesAndPredictionsAndTellsOfThem) {
  TinyTraining training(tiny_options());
  const auto predict = predictor(training.network(), {});
  const auto test = [&](const ImageFunction& function, PhaseObserver& observer) {
    return test_classifier(
        function, training.test(),
        {training.network().options().classes, test_device(), /*seed=*/0, "the test"}, observer);
  };
  StopAfter<> all("nothing", 0);
  EXPECT_EQ(test(predict, all).meter().count(), 8);
  ASSERT_EQ(all.reports.size(), 3U);
  EXPECT_EQ(all.reports[2].done, all.reports[2].total);
  StopAfter<> one("the test", 1);
  EXPECT_THROW(test(predict, one), Interrupted);
  EXPECT_EQ(one.reports.size(), 2U);
  // Between two predictions of one batch, as an attack makes them.
  StopAfter<> asked("outside", 0);
  const auto watched = stoppable(predict, asked);
  EXPECT_NO_THROW(test(watched, nobody()));
  asked.on_phase({"outside", 0, 1});
  EXPECT_THROW(test(watched, nobody()), Interrupted);
}

TEST(TestClassifier, TheBatchSizeChangesNoNumber) {
  TinyTraining training(tiny_options());
  const auto test = [&](int64_t batch_size) {
    training.test().set_batch_size(batch_size);
    return tested(training, values_of(training.network()), training.test());
  };
  const auto small = test(3);
  const auto large = test(100);
  EXPECT_EQ(training.test().batches_per_epoch(), 1);
  EXPECT_NEAR(small.meter().loss(), large.meter().loss(), 1e-6);
  EXPECT_TRUE(small.confusion().equal(large.confusion()));
}

TEST(MeasureLatency, EndsBetweenPredictions) {
  const auto image = torch::zeros({1, 3, 8, 8});
  const auto predict = [](const torch::Tensor& x) { return x; };
  StopAfter<> stop("latency", 4);
  EXPECT_THROW(measure_latency(predict, image, 3, stop), Interrupted);
  EXPECT_EQ(stop.reports.back().total, 5 + 3);  // with the warm-up
  StopAfter<> all("nothing", 0);
  EXPECT_EQ(measure_latency(predict, image, 3, all).runs, 3);
  EXPECT_EQ(all.reports.size(), 9U);
}

// Convolutions in bfloat16 have 8 bits: near the loss of float32, but not equal to it.
TEST(EvaluationLoop, Bfloat16IsNearSinglePrecision) {
  auto options = tiny_options();
  options.max_steps = 1;
  TinyTraining exact(options);
  options.precision = Precision::kBfloat16;
  TinyTraining rounded(options);
  TrainWitness witness1(exact.loop);
  TrainWitness witness2(rounded.loop);
  exact.loop.add_observer(witness1);
  rounded.loop.add_observer(witness2);
  exact.loop.run();
  rounded.loop.run();
  EXPECT_NEAR(witness2.steps[0].loss, witness1.steps[0].loss, 0.05);
  EXPECT_NE(witness2.steps[0].loss, witness1.steps[0].loss);
  for (const auto& parameter : rounded.network().parameters()) {
    EXPECT_EQ(parameter.scalar_type(), torch::kFloat32);
  }
}

}  // namespace
}  // namespace sanas
