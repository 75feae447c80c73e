// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/architect.h"

#include "sanas/core/random.h"
#include "sanas/optim/metrics.h"

namespace sanas {
namespace {

/// Streams of randomness of one architect step.
enum Stream : uint64_t { kTrain1, kAttackStart, kAttack, kTrain2, kValidation1, kValidation2 };

VirtualStep virtual_step(const WeightOptimizer& weights, const std::optional<double>& step_size,
                         const HypergradientOptions& options) {
  VirtualStep step;
  step.step_size = step_size.value_or(weights.learning_rate());
  if (options.virtual_momentum) {
    step.momentum = weights.options().momentum;
    step.momentum_buffers = weights.momentum_buffers();
  }
  if (options.virtual_weight_decay) {
    step.weight_decay = weights.options().weight_decay;
  }
  return step;
}

/// Adds the gradient of what the family adds to the architecture's loss besides the data.
void add_regularization(Hypergradient& hypergradient, Supernet& net) {
  const auto regularization = net.regularization();
  if (regularization.defined()) {
    add_in_place(hypergradient.total, gradients_of(regularization, net.architecture().tensors()));
  }
}

/// T(W) or V(W): mean cross-entropy on raw images.
Objective classification_loss(Classifier classifier, const Batch& batch) {
  return [classifier = std::move(classifier), &batch] {
    return cross_entropy(classifier(batch.images), batch.labels);
  };
}

}  // namespace

PlainArchitect::PlainArchitect(const SearchNetworks& networks, const WeightOptimizer& weights,
                               const HypergradientOptions& options)
    : networks_(networks), weights_(weights), options_(options) {}

Hypergradient PlainArchitect::gradient(const Batch& train, const Batch& validation, uint64_t seed,
                                       bool /*split_terms*/) {
  Supernet& net = *networks_.net1;
  const ScopedBuffers buffers(net);
  const ScopedMode training(net, true);
  BilevelProblem problem;
  problem.train = classification_loss(
      frozen_classifier(net, networks_.normalization, derive_seed(seed, {kTrain1})), train);
  problem.validation = classification_loss(
      frozen_classifier(net, networks_.normalization, derive_seed(seed, {kValidation1})),
      validation);
  problem.architecture = networks_.architecture()->tensors();
  problem.weights = weights_.parameters();
  auto result = bilevel_hypergradient(
      problem, virtual_step(weights_, options_.weight1_step_size, options_), options_);
  add_regularization(result, net);
  return result;
}

SanasArchitect::SanasArchitect(const SearchNetworks& networks, const WeightOptimizer& weights1,
                               const WeightOptimizer& weights2, const HypergradientOptions& options,
                               const AttackOptions& attack, Reweighting reweighting)
    : networks_(networks),
      weights1_(weights1),
      weights2_(weights2),
      options_(options),
      attack_(attack),
      reweighting_(reweighting) {}

FourLevelProblem SanasArchitect::problem(const Batch& train, const Batch& validation,
                                         const torch::Tensor& delta, uint64_t seed) const {
  const auto classifier = [&](Supernet& net, Stream stream) {
    return frozen_classifier(net, networks_.normalization, derive_seed(seed, {stream}));
  };
  FourLevelProblem problem;
  problem.architecture = networks_.architecture()->tensors();
  problem.weights1 = weights1_.parameters();
  problem.weights2 = weights2_.parameters();
  problem.delta = delta;
  problem.train1 = classification_loss(classifier(*networks_.net1, kTrain1), train);
  const auto attacked = classifier(*networks_.net1, kAttack);
  problem.attack = [this, attacked, delta, &train] {
    return attack_objective(attacked, train.images, train.labels, delta, attack_);
  };
  problem.train2 = [this, classifier = classifier(*networks_.net2, kTrain2), delta, &train] {
    const auto images = reweight(train.images, delta, reweighting_, attack_.epsilon);
    const auto mean = cross_entropy(classifier(images), train.labels);
    return options_.stage3_reduction == Stage3Reduction::kSum
               ? mean * static_cast<double>(train.size())
               : mean;
  };
  problem.validation1 = classification_loss(classifier(*networks_.net1, kValidation1), validation);
  problem.validation2 = classification_loss(classifier(*networks_.net2, kValidation2), validation);
  if (attack_.steps > 0) {
    problem.perturb_passes = attack_.steps;
    problem.perturb = [this, attacked, delta, &train] {
      return attack(attacked, train.images, train.labels, delta, attack_);
    };
  }
  return problem;
}

Hypergradient SanasArchitect::gradient(const Batch& train, const Batch& validation, uint64_t seed,
                                       bool split_terms) {
  torch::Tensor delta;
  {
    const FrozenRandomness frozen(derive_seed(seed, {kAttackStart}));
    delta = initial_perturbation(train.images, attack_);
  }
  auto result = gradient_from(train, validation, delta, seed, split_terms);
  add_regularization(result, *networks_.net2);
  return result;
}

Hypergradient SanasArchitect::gradient_from(const Batch& train, const Batch& validation,
                                            const torch::Tensor& delta, uint64_t seed,
                                            bool split_terms) {
  const ScopedBuffers buffers1(*networks_.net1);
  const ScopedBuffers buffers2(*networks_.net2);
  const ScopedMode training1(*networks_.net1, true);
  const ScopedMode training2(*networks_.net2, true);
  const auto start = delta.detach().clone().requires_grad_(true);
  return four_level_hypergradient(problem(train, validation, start, seed),
                                  virtual_step(weights1_, options_.weight1_step_size, options_),
                                  virtual_step(weights2_, options_.weight2_step_size, options_),
                                  options_, split_terms);
}

std::unique_ptr<Architect> make_architect(const SearchOptions& options,
                                          const SearchNetworks& networks,
                                          const WeightOptimizer& weights1,
                                          const WeightOptimizer* weights2) {
  if (options.method == SearchMethod::kPlain) {
    return std::make_unique<PlainArchitect>(networks, weights1, options.hypergradient);
  }
  TORCH_CHECK(networks.net2 != nullptr && weights2 != nullptr, "SANAS needs a second network");
  return std::make_unique<SanasArchitect>(networks, weights1, *weights2, options.hypergradient,
                                          options.attack, options.reweighting);
}

}  // namespace sanas
