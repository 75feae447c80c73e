// SPDX-License-Identifier: Apache-2.0
// Algorithm 1 of the supplement: what a search does with one mini-batch.
#include <cmath>

#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"
#include "sanas/search/search_loop.h"

namespace sanas {
namespace {

/// Streams of randomness of one mini-batch.
enum Stream : uint64_t { kWeights1, kWeights2, kAttackStart, kAttack, kArchitecture };

}  // namespace

// The architecture at its frequency, then W1, then δ and W2 at theirs.
void SearchLoop::run_step(const Batch& train, int64_t epoch, bool reported) {
  const auto& every = options_.update_every;
  StepReport report;
  report.epoch = epoch;
  report.step = step_;
  report.step_in_epoch = step_ % steps_per_epoch();
  report.steps_in_epoch = steps_per_epoch();
  report.batch_size = train.size();
  report.learning_rate = weights1_.learning_rate();
  report.reported = reported;
  skipped_images_ += train.skipped;

  if (epoch >= options_.architecture.start_epoch && every.updates_architecture(step_)) {
    update_architecture(train, report);
  }
  const bool sequential = first_stage_architect_ != nullptr;
  if (every.updates_weights1(step_) && !(sequential && !in_first_half(epoch))) {
    update_weights1(train, report);
  }
  if (weights2_ && every.updates_weights2(step_) && !(sequential && in_first_half(epoch))) {
    update_weights2(train, report);
  }
  ++step_;
  for (auto* observer : observers_) {
    observer->on_step(report);
  }
}

void SearchLoop::update_architecture(const Batch& train, StepReport& report) {
  const Stopwatch watch;
  const PeakMemory memory(device_);
  Architect& architect =
      first_stage_architect_ && in_first_half(report.epoch) ? *first_stage_architect_ : *architect_;
  for (int64_t k = 0; k < options_.architecture.steps; ++k) {
    const Batch validation = prepare(data_.architecture.next());
    skipped_images_ += validation.skipped;
    const Hypergradient hypergradient =
        architect.gradient(train, validation, seed_of(kArchitecture, k), report.reported);
    if (finite("architecture", hypergradient.validation1_loss + hypergradient.validation2_loss,
               hypergradient.total)) {
      architecture_.step(hypergradient.total);
    }
    report.architecture = summarize(hypergradient);
  }
  report.architecture->seconds = watch.seconds();
  report.architecture->peak_memory_bytes = memory.bytes();
}

void SearchLoop::update_weights1(const Batch& train, StepReport& report) {
  const Stopwatch watch;
  const PeakMemory memory(device_);
  const bool attacked =
      options_.adversarial_weights1 && report.epoch >= options_.attack_start_epoch;
  const auto images = attacked ? train.images + attack_images(train) : train.images;
  report.weights1 = train_level("weights 1", *networks_.net1, weights1_, images, train.labels,
                                seed_of(kWeights1), meter1_);
  report.weights1->seconds = watch.seconds();
  report.weights1->peak_memory_bytes = memory.bytes();
}

torch::Tensor SearchLoop::attack_images(const Batch& train) {
  const ScopedBuffers running_statistics(*networks_.net1);
  const auto start = [&] {
    const FrozenRandomness frozen(seed_of(kAttackStart));
    return perturbations_.start(train);
  }();
  return attack(frozen_classifier(*networks_.net1, networks_.normalization, seed_of(kAttack)),
                train.images, train.labels, start, options_.attack);
}

void SearchLoop::update_weights2(const Batch& train, StepReport& report) {
  const Stopwatch watch;
  const PeakMemory memory(device_);
  torch::Tensor images = train.images;
  if (report.epoch >= options_.attack_start_epoch) {
    const auto delta = attack_images(train);
    if (!finite("attack", 0.0, {delta})) {
      return;
    }
    perturbations_.keep(train, delta);
    images = reweight(train.images, delta, options_.reweighting, options_.attack.epsilon,
                      options_.weight_normalization);
  }
  report.weights2 = train_level("weights 2", *networks_.net2, *weights2_, images, train.labels,
                                seed_of(kWeights2), meter2_);
  report.weights2->seconds = watch.seconds();
  report.weights2->peak_memory_bytes = memory.bytes();
}

LevelReport SearchLoop::train_level(const char* level, Supernet& net, WeightOptimizer& weights,
                                    const torch::Tensor& images, const torch::Tensor& labels,
                                    uint64_t seed, ClassificationMeter& epoch_meter) {
  net.train();
  // A mini-batch that is left out leaves nothing behind in the running statistics either.
  std::optional<ScopedBuffers> statistics;
  if (options_.on_nonfinite == NonFinitePolicy::kSkip) {
    statistics.emplace(net);
  }
  const auto logits = frozen_classifier(net, networks_.normalization, seed)(images);
  auto loss = cross_entropy(logits, labels);
  LevelReport report;
  report.loss = loss.item<double>();
  if (options_.hypergradient.stage3_reduction == Stage3Reduction::kSum && &weights == weights2()) {
    loss = loss * labels.size(0);
  }
  const TensorList gradients = gradients_of(loss, weights.parameters());
  ClassificationMeter meter;
  meter.add(report.loss, logits, labels);
  report.top1 = meter.top1();
  if (finite(level, report.loss, gradients)) {
    if (statistics) {
      statistics->keep();
    }
    report.gradient_norm = weights.step(gradients);
    epoch_meter.add(meter);
  }
  return report;
}

bool SearchLoop::finite(const char* level, double loss, const TensorList& gradients) {
  if (std::isfinite(loss) && all_finite(gradients)) {
    return true;
  }
  if (options_.on_nonfinite != NonFinitePolicy::kSkip) {
    throw NonFiniteError(std::string("the loss or gradient of level '") + level +
                         "' is not finite at step " + std::to_string(step_) +
                         "; lower the learning rate, or set on_nonfinite: skip or rollback");
  }
  ++skipped_updates_;
  return false;
}

}  // namespace sanas
