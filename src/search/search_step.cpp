// SPDX-License-Identifier: Apache-2.0
// Algorithm 1 of the supplement: what a search does with one mini-batch.
#include <algorithm>
#include <cmath>
#include <utility>

#include "sanas/core/autocast.h"
#include "sanas/core/device.h"
#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"
#include "sanas/nn/batch_norm.h"
#include "sanas/search/search_loop.h"
#include "search/search_cost.h"

namespace sanas {
namespace {

/// Streams of randomness of one mini-batch.
enum Stream : uint64_t { kWeights1, kWeights2, kAttackStart, kAttack, kArchitecture };

}  // namespace

/// W1 or W2 with what its updates take.
struct SearchLoop::Level {
  Supernet& net;
  WeightOptimizer& weights;
  /// Of the epoch.
  ClassificationMeter& meter;
  UpdateGuard& guard;
  /// Of the network's draws.
  uint64_t seed;
  /// Whether the loss is the sum over the batch instead of the mean.
  bool sums = false;
  /// Of the attack that made the images (count_unmoved); undefined without one.
  torch::Tensor unmoved = {};
};

// The architecture at its frequency, then W1, then δ and W2 at theirs, or the architecture last.
void SearchLoop::run_step(const Batch& train) {
  const auto& every = options_.update_every;
  StepReport report;
  report.epoch = cursor_.epoch();
  report.step = step();
  report.step_in_epoch = cursor_.steps_of_epoch();
  report.steps_in_epoch = steps_per_epoch();
  report.batch_size = train.size();
  report.learning_rate = weights1_.learning_rate();
  // Reports come in runs that are long enough to show an update of every level.
  report.reported = step() % options_.report_every <
                    std::max({every.weights1, every.weights2, every.architecture});
  cursor_.skip_images(train.skipped);

  const bool architecture_first = options_.update_order == UpdateOrder::kArchitectureFirst;
  if (!architecture_first && train.is_usable()) {
    update_weights(train, report);
  }
  if (report.epoch >= options_.architecture.start_epoch && every.updates_architecture(step())) {
    update_architecture(train, report);
  }
  if (architecture_first && train.is_usable()) {
    update_weights(train, report);
  }
  if (cursor_.is_last_step()) {
    check_finite(all_variables(), "weights of the search", step());
  }
  cursor_.advance();
  for (auto* observer : observers_) {
    observer->on_step(report);
  }
}

void SearchLoop::tell_level(SearchLevel level) {
  for (auto* observer : observers_) {
    observer->on_level(level);
  }
}

void SearchLoop::update_weights(const Batch& train, StepReport& report) {
  const auto& every = options_.update_every;
  const bool sequential = first_stage_architect_ != nullptr;
  const bool first_half = in_first_half(report.epoch);
  if (every.updates_weights1(step()) && !(sequential && !first_half)) {
    update_weights1(train, report);
  }
  if (weights2_ && every.updates_weights2(step()) && !(sequential && first_half)) {
    update_weights2(train, report);
  }
}

void SearchLoop::update_architecture(const Batch& train, StepReport& report) {
  const Stopwatch watch;
  const PeakMemory memory(device_);
  Architect& architect =
      first_stage_architect_ && in_first_half(report.epoch) ? *first_stage_architect_ : *architect_;
  int64_t passes = 0;
  for (int64_t k = 0; k < options_.architecture.steps; ++k) {
    const Batch validation = prepare(data_.architecture.next());
    cursor_.skip_images(validation.skipped);
    if (!train.is_usable() || !validation.is_usable()) {
      continue;  // but its batch is used up, as a resume counts them
    }
    tell_level(SearchLevel::kArchitecture);
    const Hypergradient hypergradient =
        architect.gradient(train, validation, seed_of(kArchitecture, k), report.reported);
    report.architecture = summarize(hypergradient);
    if (allows(architecture_guard_, std::isfinite(hypergradient.validation1_loss) &&
                                        std::isfinite(hypergradient.validation2_loss) &&
                                        std::isfinite(report.architecture->total_norm))) {
      architecture_.step(hypergradient.total);
    }
    passes += hypergradient.passes;
  }
  if (report.architecture) {
    report.architecture->passes = passes;
    report.architecture->seconds = watch.seconds();
    report.architecture->peak_memory_bytes = memory.bytes();
  }
}

void SearchLoop::update_weights1(const Batch& train, StepReport& report) {
  tell_level(SearchLevel::kWeights1);
  const Stopwatch watch;
  const PeakMemory memory(device_);
  const bool attacked =
      options_.adversarial_weights1 && report.epoch >= options_.attack_start_epoch;
  const auto images = attacked ? train.images + attack_images(train) : train.images;
  report.weights1 = train_level({*networks_.net1, weights1_, meter1_, guard1_, seed_of(kWeights1)},
                                images, train.labels);
  report.weights1->passes = update_cost(options_, report.epoch).weights1;
  report.weights1->seconds = watch.seconds();
  report.weights1->peak_memory_bytes = memory.bytes();
}

Classifier SearchLoop::trained_classifier(Supernet& net, uint64_t seed) const {
  auto classifier = frozen_classifier(net, networks_.normalization, seed);
  if (options_.precision != Precision::kBfloat16) {
    return classifier;
  }
  return [this, classifier = std::move(classifier)](const torch::Tensor& images) {
    const ScopedPrecision precision(device_, options_.precision);
    return classifier(images).to(torch::kFloat32);
  };
}

torch::Tensor SearchLoop::attack_images(const Batch& train, torch::Tensor* unmoved) {
  const FrozenStatistics running_statistics(*networks_.net1);
  const ScopedConstants weights(weights1_.parameters());
  const ScopedConstants architecture(networks_.architecture()->tensors());
  const auto start = [&] {
    const FrozenRandomness frozen(seed_of(kAttackStart));
    return perturbations_.start(train);
  }();
  const auto delta = attack(trained_classifier(*networks_.net1, seed_of(kAttack)), train.images,
                            train.labels, start, options_.attack);
  if (unmoved != nullptr) {
    *unmoved = count_unmoved(delta, start);
  }
  return delta;
}

void SearchLoop::update_weights2(const Batch& train, StepReport& report) {
  tell_level(SearchLevel::kWeights2);
  const Stopwatch watch;
  const PeakMemory memory(device_);
  torch::Tensor images = train.images;
  torch::Tensor unmoved;
  if (report.epoch >= options_.attack_start_epoch) {
    const auto delta = attack_images(train, &unmoved);
    if (!allows(attack_guard_, all_finite({delta}))) {
      return;
    }
    perturbations_.keep(train, delta);
    images = reweight(train.images, delta, options_.reweighting, options_.attack.epsilon,
                      options_.weight_normalization);
  }
  const bool sums = options_.hypergradient.stage3_reduction == Stage3Reduction::kSum;
  report.weights2 = train_level(
      {*networks_.net2, *weights2_, meter2_, guard2_, seed_of(kWeights2), sums, unmoved}, images,
      train.labels);
  report.weights2->passes = update_cost(options_, report.epoch).weights2;
  report.weights2->seconds = watch.seconds();
  report.weights2->peak_memory_bytes = memory.bytes();
}

LevelReport SearchLoop::train_level(const Level& level, const torch::Tensor& images,
                                    const torch::Tensor& labels) {
  level.net.train();
  // A mini-batch that is left out leaves nothing behind in the running statistics either.
  std::optional<ScopedBuffers> statistics;
  if (options_.on_nonfinite == NonFinitePolicy::kSkip) {
    statistics.emplace(level.net);
  }
  const ScopedTf32 tf32(options_.precision);
  const auto logits = trained_classifier(level.net, level.seed)(images);
  const auto loss = cross_entropy(logits, labels);
  const TensorList gradients =
      gradients_of(level.sums ? loss * labels.size(0) : loss, level.weights.parameters());
  const auto norm = gradient_norm(gradients);
  // The only time that the step waits for the device.
  TensorList numbers{loss, count_hits(logits, labels), norm};
  if (level.unmoved.defined()) {
    numbers.push_back(level.unmoved);
  }
  const auto values = to_host(numbers);
  ClassificationMeter meter;
  meter.add(labels.size(0), values[0], values[1], values[2]);
  LevelReport report;
  report.loss = values[0];
  report.top1 = meter.top1();
  if (level.unmoved.defined()) {
    report.unmoved_images = static_cast<int64_t>(values.back());
  }
  if (allows(level.guard, std::isfinite(values[0]) && std::isfinite(values[3]))) {
    if (statistics) {
      statistics->keep();
    }
    report.gradient_norm = values[3];
    level.weights.step(gradients, norm);
    level.meter.add(meter);
  }
  return report;
}

bool SearchLoop::allows(UpdateGuard& guard, bool all_finite) {
  const bool allowed =
      guard.allows(all_finite, all_finite ? TensorList{} : all_variables(), step());
  if (!allowed) {
    cursor_.skip_update();
  }
  return allowed;
}

TensorList SearchLoop::all_variables() const {
  TensorList all = weights1_.parameters();
  if (weights2_) {
    all.insert(all.end(), weights2_->parameters().begin(), weights2_->parameters().end());
  }
  const auto architecture = networks_.architecture()->tensors();
  all.insert(all.end(), architecture.begin(), architecture.end());
  return all;
}

}  // namespace sanas
