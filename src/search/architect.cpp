// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/architect.h"

#include "sanas/core/random.h"
#include "sanas/nn/batch_norm.h"
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
    step.nesterov = weights.options().nesterov;
  }
  if (options.virtual_weight_decay) {
    step.weight_decay = weights.options().weight_decay;
  }
  return step;
}

/// T(W) or V(W): mean cross-entropy on raw images.
Objective classification_loss(Classifier classifier, const Batch& batch) {
  return [classifier = std::move(classifier), &batch] {
    return cross_entropy(classifier(batch.images), batch.labels);
  };
}

/// V(W) that also takes the gradient of what the family adds to the architecture's loss besides the
/// data: at what this very pass has drawn (PR-DARTS, darts-family §9.3).
Objective regularized_loss(Supernet& net, const PixelNormalization& normalization, uint64_t seed,
                           const Batch& batch, TensorList& gradient) {
  return [&net, normalization, seed, &batch, &gradient] {
    const FrozenRandomness frozen(seed);
    const auto sample = net.sample_architecture();
    auto loss = cross_entropy(net.forward(normalization(batch.images), sample), batch.labels);
    const auto regularization = net.regularization(sample);
    if (regularization.defined()) {
      gradient = gradients_of(regularization, net.architecture().tensors());
    }
    return loss;
  };
}

}  // namespace

PlainArchitect::PlainArchitect(const SearchNetworks& networks, const WeightOptimizer& weights,
                               const HypergradientOptions& options)
    : networks_(networks), weights_(weights), options_(options) {}

Hypergradient PlainArchitect::gradient(const Batch& train, const Batch& validation, uint64_t seed,
                                       bool /*split_terms*/) {
  Supernet& net = *networks_.net1;
  const FrozenStatistics buffers(net);
  const ScopedMode training(net, true);
  BilevelProblem problem;
  problem.train = classification_loss(
      frozen_classifier(net, networks_.normalization, derive_seed(seed, {kTrain1})), train);
  TensorList regularization;
  problem.validation = regularized_loss(
      net, networks_.normalization, derive_seed(seed, {kValidation1}), validation, regularization);
  problem.architecture = networks_.architecture()->tensors();
  problem.weights = weights_.parameters();
  auto result = bilevel_hypergradient(
      problem, virtual_step(weights_, options_.weight1_step_size, options_), options_);
  if (!regularization.empty()) {
    add_in_place(result.total, regularization);
  }
  return result;
}

SanasArchitect::SanasArchitect(const SearchNetworks& networks, const WeightOptimizer& weights1,
                               const WeightOptimizer& weights2, const SearchOptions& options,
                               const PerturbationStore* perturbations)
    : networks_(networks),
      weights1_(weights1),
      weights2_(weights2),
      options_(options),
      perturbations_(perturbations) {
  options_.attack = attack_of(options);
  validate_jacobian(options_.attack);
}

void SanasArchitect::start_epoch(int64_t epoch) { attacks_ = epoch >= options_.attack_start_epoch; }

FourLevelProblem SanasArchitect::problem(const Batch& train, const Batch& validation,
                                         const torch::Tensor& delta, uint64_t seed) const {
  const auto classifier = [&](Supernet& net, Stream stream) {
    return this->classifier(net, derive_seed(seed, {stream}));
  };
  FourLevelProblem problem;
  problem.architecture = networks_.architecture()->tensors();
  problem.weights1 = weights1_.parameters();
  problem.weights2 = weights2_.parameters();
  problem.delta = delta;
  if (!options_.sequential_stages) {
    problem.train1 = classification_loss(classifier(*networks_.net1, kTrain1), train);
    problem.validation1 =
        classification_loss(classifier(*networks_.net1, kValidation1), validation);
  }
  const auto attacked = classifier(*networks_.net1, kAttack);
  problem.attack = [this, attacked, delta, &train] {
    return attack_objective(attacked, train.images, train.labels, delta, options_.attack);
  };
  problem.train2 = [this, classifier = classifier(*networks_.net2, kTrain2), delta, &train] {
    const auto images = attacks_ ? reweight(train.images, delta, options_.reweighting,
                                            options_.attack.epsilon, options_.weight_normalization)
                                 : train.images;
    const auto mean = cross_entropy(classifier(images), train.labels);
    return options_.hypergradient.stage3_reduction == Stage3Reduction::kSum
               ? mean * static_cast<double>(train.size())
               : mean;
  };
  problem.validation2 = classification_loss(classifier(*networks_.net2, kValidation2), validation);
  if (!attacks_) {
    problem.perturb = [delta] { return delta.detach().clone(); };
  } else if (options_.attack.is_differentiated()) {
    check_pixel_range(train.images);
    problem.attack_steps = options_.attack.steps;
    problem.attack_step = [this, &train](const auto& at, const auto& gradient) {
      return attack_step(at, gradient, train.images, options_.attack);
    };
  } else if (options_.attack.steps > 0) {
    problem.perturb_passes = options_.attack.passes();
    problem.perturb = [this, attacked, delta, &train] { return attack_on(attacked, train, delta); };
  }
  return problem;
}

torch::Tensor SanasArchitect::attack_on(const Classifier& classifier, const Batch& batch,
                                        const torch::Tensor& start) const {
  const ScopedConstants weights(weights1_.parameters());
  const ScopedConstants architecture(networks_.architecture()->tensors());
  return attack(classifier, batch.images, batch.labels, start, options_.attack);
}

Hypergradient SanasArchitect::gradient(const Batch& train, const Batch& validation, uint64_t seed,
                                       bool split_terms) {
  torch::Tensor delta;
  {
    const FrozenRandomness frozen(derive_seed(seed, {kAttackStart}));
    delta = perturbations_ != nullptr ? perturbations_->start(train)
                                      : initial_perturbation(train.images, options_.attack);
  }
  TensorList regularization;
  auto result = gradient_from(train, validation, delta, seed, split_terms, &regularization);
  if (!regularization.empty()) {
    add_in_place(result.total, regularization);
  }
  return result;
}

Hypergradient SanasArchitect::gradient_from(const Batch& train, const Batch& validation,
                                            const torch::Tensor& delta, uint64_t seed,
                                            bool split_terms, TensorList* regularization) {
  const FrozenStatistics buffers1(*networks_.net1);
  const FrozenStatistics buffers2(*networks_.net2);
  const ScopedMode training1(*networks_.net1, true);
  const ScopedMode training2(*networks_.net2, true);
  HypergradientOptions options = options_.hypergradient;
  if (!attacks_ || options_.sequential_stages) {
    options.terms[Term::kDeltaDirect] = options.terms[Term::kDeltaWeights1] = false;
  }
  const auto start = delta.detach().clone().requires_grad_(true);
  FourLevelProblem four_levels = problem(train, validation, start, seed);
  if (regularization != nullptr) {
    four_levels.validation2 =
        regularized_loss(*networks_.net2, networks_.normalization,
                         derive_seed(seed, {kValidation2}), validation, *regularization);
  }
  Batch attacked = train;
  int64_t attack_passes = 0;
  // In first order nothing depends on how W1 is trained.
  if (attacks_ && options_.adversarial_weights1 && options.order == HypergradientOrder::kSecond) {
    Supernet& net = *networks_.net1;
    attack_passes = options_.attack.passes();
    attacked.images =
        train.images + attack_on(classifier(net, derive_seed(seed, {kAttack})), train, delta);
    four_levels.train1 =
        classification_loss(classifier(net, derive_seed(seed, {kTrain1})), attacked);
  }
  auto result = four_level_hypergradient(
      four_levels, virtual_step(weights1_, options.weight1_step_size, options),
      virtual_step(weights2_, options.weight2_step_size, options), options, split_terms);
  result.passes += attack_passes;
  return result;
}

std::unique_ptr<Architect> make_architect(const SearchOptions& options,
                                          const SearchNetworks& networks,
                                          const WeightOptimizer& weights1,
                                          const WeightOptimizer* weights2,
                                          const PerturbationStore* perturbations) {
  if (options.method == SearchMethod::kPlain) {
    return std::make_unique<PlainArchitect>(networks, weights1, options.hypergradient);
  }
  TORCH_CHECK(networks.net2 != nullptr && weights2 != nullptr, "SANAS needs a second network");
  return std::make_unique<SanasArchitect>(networks, weights1, *weights2, options, perturbations);
}

}  // namespace sanas
