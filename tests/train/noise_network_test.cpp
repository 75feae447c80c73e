// SPDX-License-Identifier: Apache-2.0
// Networks with the operation `noise` draw random numbers when they are tested, too.
#include <gtest/gtest.h>

#include "train/tiny_training.h"

namespace sanas {
namespace {

Genotype noisy() {
  const std::string cell =
      "[('noise', 0), ('sep_conv_3x3', 1), ('noise', 0), ('skip_connect', 1), ('sep_conv_3x3', 0), "
      "('noise', 1), ('skip_connect', 0), ('sep_conv_3x3', 1)]";
  return parse_genotype("Genotype(normal=" + cell + ", normal_concat=range(2, 6), reduce=" + cell +
                        ", reduce_concat=range(2, 6))");
}

EvaluationOptions testing_each_epoch() {
  auto options = tiny_options();
  options.epochs = 4;
  options.selection = Selection::kTest;
  return options;
}

/// What a test found: count, losses, hits.
std::vector<std::array<double, 4>> test_lines(const std::vector<TrainEpochReport>& epochs) {
  std::vector<std::array<double, 4>> lines;
  for (const auto& epoch : epochs) {
    lines.push_back(epoch.test->meter().state());
  }
  return lines;
}

/// Draws random numbers between two steps.
class Gambler : public TrainObserver {
 public:
  void on_step(const TrainStepReport& /*report*/) override { torch::rand({5}); }
};

/// Asks to stop after some steps.
class Stopper : public TrainObserver {
 public:
  explicit Stopper(int64_t steps) : steps_(steps) {}
  void on_step(const TrainStepReport& /*report*/) override { --steps_; }
  bool wants_stop() const override { return steps_ == 0; }

 private:
  int64_t steps_;
};

TEST(NoiseNetwork, ItsTestsDoNotDependOnWhatWasDrawnBefore) {
  std::vector<std::vector<std::array<double, 4>>> found;
  for (const bool gambles : {false, true}) {
    TinyTraining training(testing_each_epoch(), {}, noisy());
    TrainWitness witness(training.loop);
    Gambler gambler;
    training.loop.add_observer(witness);
    if (gambles) {
      training.loop.add_observer(gambler);
    }
    torch::manual_seed(gambles ? 1 : 2);
    training.loop.run();
    found.push_back(test_lines(witness.epochs));
  }
  ASSERT_EQ(found[0].size(), 4U);
  EXPECT_EQ(found[0], found[1]);
}

TEST(NoiseNetwork, AResumeTestsAsTheWholeTrainingAndSelectsTheSameEpoch) {
  const auto options = testing_each_epoch();
  TinyTraining whole(options, {}, noisy());
  TrainWitness expected(whole.loop);
  whole.loop.add_observer(expected);
  whole.loop.run();

  TinyTraining first(options, {}, noisy());
  Stopper stopper(7);
  first.loop.add_observer(stopper);
  first.loop.run();
  ASSERT_EQ(first.loop.step(), 7);

  TinyTraining second(options, {}, noisy());
  const auto values = values_of(second.network());
  {
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < values.size(); ++i) {
      values[i].copy_(values_of(first.network())[i]);
    }
  }
  second.loop.set_state(first.loop.state());
  TrainWitness rest(second.loop);
  second.loop.add_observer(rest);
  torch::manual_seed(5);
  second.loop.run();
  const auto lines = test_lines(expected.epochs);
  EXPECT_EQ(test_lines(rest.epochs), decltype(lines)(lines.begin() + 2, lines.end()));
  EXPECT_EQ(second.loop.best().epoch, whole.loop.best().epoch);
}

// An attack on such a network has to see the same function in each of its steps.
TEST(NoiseNetwork, DrawsTheSameInEachCallOfAPrediction) {
  TinyTraining training(tiny_options(), {}, noisy());
  const auto predict = predictor(training.network(), {});
  const torch::NoGradGuard no_grad;
  const auto images = torch::full({2, 3, 8, 8}, 0.5).to(test_device());
  torch::manual_seed(3);
  const auto first = predict(images);
  EXPECT_TRUE(predict(images).equal(first));
  torch::manual_seed(4);
  EXPECT_FALSE(predict(images).equal(first)) << "there is noise";
}

TEST(NoiseNetwork, EachBatchOfATestHasItsOwnDraws) {
  TinyTraining training(tiny_options());
  std::vector<double> drawn;
  const auto draw = [&](const torch::Tensor& pixels) {
    drawn.push_back(torch::rand({1}).item<double>());
    return torch::zeros({pixels.size(0), training.network().options().classes});
  };
  const auto test = [&](uint64_t seed) {
    drawn.clear();
    test_classifier(draw, training.test(),
                    {training.network().options().classes, torch::kCPU, seed});
    return drawn;
  };
  const auto one = test(1);
  ASSERT_EQ(one.size(), 2U);
  EXPECT_NE(one[0], one[1]);
  EXPECT_EQ(test(1), one);
  EXPECT_NE(test(2), one);
}

TEST(NoiseNetwork, IsKnownAsOneThatDraws) {
  TinyTraining with(tiny_options(), {}, noisy());
  TinyTraining without(tiny_options());
  EXPECT_TRUE(draws_random_numbers(with.network()));
  EXPECT_FALSE(draws_random_numbers(without.network()));
}

}  // namespace
}  // namespace sanas
