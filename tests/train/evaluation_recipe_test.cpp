// SPDX-License-Identifier: Apache-2.0
// What a training takes from its options beside the network: one step of it, computed by hand.
#include <gtest/gtest.h>

#include "train/tiny_training.h"

namespace sanas {
namespace {

constexpr double kSmoothing = 0.3;
constexpr double kAuxiliary = 0.7;

/// Everything on, and SGD without anything that mixes steps.
EvaluationOptions everything() {
  EvaluationOptions options = tiny_options();
  options.seed = 11;
  options.auxiliary_weight = kAuxiliary;
  options.drop_path = 0.6;
  options.label_smoothing = kSmoothing;
  options.weights.schedule = {
      .learning_rate = 0.06, .warm_up_epochs = 2, .warm_up_base = WarmUpBase::kInitial};
  options.weights.momentum = options.weights.weight_decay = options.weights.gradient_clip = 0.0;
  return options;
}

/// Mean of −Σ q log p with q = (1 − ε) onehot + ε/K.
torch::Tensor smoothed_loss(const torch::Tensor& logits, const torch::Tensor& labels) {
  const auto log_p = logits.log_softmax(1);
  const auto of_label = log_p.gather(1, labels.view({-1, 1})).squeeze(1);
  return -((1.0 - kSmoothing) * of_label + kSmoothing * log_p.mean(1)).mean();
}

// Warm-up to 0.06 over two epochs, then the cosine of three.
TEST(EvaluationRecipe, TheLearningRateWarmsUp) {
  auto options = everything();
  options.auxiliary_weight = 0.0;
  TinyTraining training(options);
  TrainWitness witness(training.loop);
  training.loop.add_observer(witness);
  training.loop.run();
  for (const auto& report : witness.steps) {
    const double expected = report.epoch == 0 ? 0.03 : report.epoch == 1 ? 0.06 : 0.015;
    EXPECT_NEAR(report.learning_rate, expected, 1e-12) << "epoch " << report.epoch;
    EXPECT_NEAR(report.drop_path, 0.2 * static_cast<double>(report.epoch), 1e-12);
  }
}

// The first step of the second epoch: drop-path has begun, and the whole rate is reached.
TEST(EvaluationRecipe, AStepIsThatOfTheSmoothedLossWithDropPathAndAuxiliaryHead) {
  auto options = everything();
  options.max_steps = 4;
  TinyTraining training(options, {}, load_genotype("DARTS_V2"), 32);
  TrainWitness witness(training.loop);
  training.loop.add_observer(witness);
  training.loop.run();
  ASSERT_EQ(witness.steps.size(), 4U);

  auto& net = training.network();
  training.train().start_epoch(1);
  const Batch batch = training.train().next()->to(test_device());
  const auto step = [&](double drop_path) {
    const ScopedValues at(values_of(net), clone(witness.values[2]));
    net.train();
    net.set_drop_path_probability(drop_path);
    const FrozenRandomness frozen(derive_seed(options.seed, {3}));
    const auto output = net.forward(batch.images);
    const auto loss = smoothed_loss(output.logits, batch.labels) +
                      kAuxiliary * smoothed_loss(output.auxiliary_logits, batch.labels);
    TensorList after = clone(net.parameters());
    add_in_place(after, gradients_of(loss, net.parameters()), -0.06);
    return std::pair{after, loss.item<double>()};
  };
  const auto [expected, loss] = step(0.2);
  const TensorList found(witness.values[3].begin(),
                         witness.values[3].begin() + static_cast<int64_t>(expected.size()));
  EXPECT_NEAR(witness.steps[3].loss, loss, 1e-5);
  const TensorList before(witness.values[2].begin(),
                          witness.values[2].begin() + static_cast<int64_t>(expected.size()));
  const double moved = norm(add(expected, before, -1.0));
  EXPECT_LT(norm(add(found, expected, -1.0)), 1e-3 * moved);
  EXPECT_GT(norm(add(found, step(0.0).first, -1.0)), 0.1 * moved) << "drop-path matters";
}

}  // namespace
}  // namespace sanas
