// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/search_loop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"
#include "sanas/optim/schedule.h"

namespace sanas {
namespace {

/// Streams of randomness of one mini-batch.
enum Stream : uint64_t { kWeights1, kWeights2, kAttackStart, kAttack, kArchitecture };

double mean_entropy(const Supernet& net) {
  double sum = 0.0;
  for (const bool reduction : {false, true}) {
    const auto weights = net.architecture().alphas(reduction).detach().softmax(-1);
    sum += -(weights * weights.clamp_min(1e-30).log()).sum(-1).mean().item<double>();
  }
  return sum / 2.0;
}

double largest_change(const TensorList& now, const TensorList& before) {
  double largest = 0.0;
  for (size_t i = 0; i < now.size(); ++i) {
    largest = std::max(largest, (now[i] - before[i]).abs().max().item<double>());
  }
  return largest;
}

}  // namespace

SearchLoop::SearchLoop(const SearchNetworks& networks, const SearchData& data,
                       const SearchOptions& options, const torch::Device& device)
    : networks_(networks),
      data_(data),
      options_(options),
      device_(device),
      weights1_(networks.net1->parameters(), options.weights),
      architecture_(networks.architecture()->tensors(), options.architecture),
      initial_architecture_(clone(networks.architecture()->tensors())) {
  if (options.method == SearchMethod::kSanas) {
    weights2_.emplace(networks.net2->parameters(), options.weights);
  }
  architect_ = make_architect(options_, networks_, weights1_, weights2());
}

void SearchLoop::run() {
  while (!finished() && !stop_requested()) {
    run_epoch(step_ / steps_per_epoch());
  }
}

bool SearchLoop::finished() const {
  return step_ >= options_.epochs * steps_per_epoch() ||
         (options_.max_steps > 0 && step_ >= options_.max_steps);
}

void SearchLoop::run_epoch(int64_t epoch) {
  const Stopwatch watch;
  const ScheduleOptions schedule{Schedule::kCosine, options_.weights.learning_rate,
                                 options_.weights.min_learning_rate};
  const double rate = learning_rate(schedule, epoch, options_.epochs);
  weights1_.set_learning_rate(rate);
  networks_.net1->start_epoch(epoch, options_.epochs);
  if (weights2_) {
    weights2_->set_learning_rate(rate);
    networks_.net2->start_epoch(epoch, options_.epochs);
  }
  data_.train.start_epoch(epoch, step_ % steps_per_epoch());
  // Reports come in runs that are long enough to show an update of every level.
  const auto& every = options_.update_every;
  const int64_t run = std::max({every.weights1, every.weights2, every.architecture});
  while (!finished() && !stop_requested()) {
    const auto train = data_.train.next();
    if (!train) {
      break;
    }
    run_step(train->to(device_), epoch, step_ % options_.report_every < run);
  }
  if (stop_requested() && step_ % steps_per_epoch() != 0) {
    return;  // the epoch is finished after a resume
  }
  report_epoch(epoch, watch.seconds());
}

// The body of Algorithm 1: the architecture at its frequency, then W1, then δ and W2 at theirs.
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

  if (epoch >= options_.architecture.start_epoch && every.updates_architecture(step_)) {
    update_architecture(train, report);
  }
  if (every.updates_weights1(step_)) {
    update_weights1(train, report);
  }
  if (weights2_ && every.updates_weights2(step_)) {
    update_weights2(train, report);
  }
  ++step_;
  for (auto* observer : observers_) {
    observer->on_step(report);
  }
}

void SearchLoop::update_architecture(const Batch& train, StepReport& report) {
  const Stopwatch watch;
  const Batch validation = data_.architecture.next().to(device_);
  const Hypergradient hypergradient =
      architect_->gradient(train, validation, seed_of(kArchitecture), report.reported);
  if (finite("architecture", hypergradient.validation1_loss + hypergradient.validation2_loss,
             hypergradient.total)) {
    architecture_.step(hypergradient.total);
  }
  report.architecture = summarize(hypergradient);
  report.architecture->seconds = watch.seconds();
}

void SearchLoop::update_weights1(const Batch& train, StepReport& report) {
  report.weights1 = train_level("weights 1", *networks_.net1, weights1_, train.images, train.labels,
                                seed_of(kWeights1), meter1_);
}

void SearchLoop::update_weights2(const Batch& train, StepReport& report) {
  const Stopwatch watch;
  torch::Tensor delta;
  {
    const ScopedBuffers running_statistics(*networks_.net1);
    const FrozenRandomness frozen(seed_of(kAttackStart));
    const auto start = initial_perturbation(train.images, options_.attack);
    delta = attack(frozen_classifier(*networks_.net1, networks_.normalization, seed_of(kAttack)),
                   train.images, train.labels, start, options_.attack);
  }
  const auto images = reweight(train.images, delta, options_.reweighting, options_.attack.epsilon);
  report.weights2 = train_level("weights 2", *networks_.net2, *weights2_, images, train.labels,
                                seed_of(kWeights2), meter2_);
  report.weights2->seconds = watch.seconds();
}

LevelReport SearchLoop::train_level(const char* level, Supernet& net, WeightOptimizer& weights,
                                    const torch::Tensor& images, const torch::Tensor& labels,
                                    uint64_t seed, ClassificationMeter& epoch_meter) {
  const Stopwatch watch;
  net.train();
  const auto logits = frozen_classifier(net, networks_.normalization, seed)(images);
  auto loss = cross_entropy(logits, labels);
  LevelReport report;
  report.loss = loss.item<double>();
  if (options_.hypergradient.stage3_reduction == Stage3Reduction::kSum && &weights == weights2()) {
    loss = loss * labels.size(0);
  }
  const TensorList gradients = gradients_of(loss, weights.parameters());
  if (finite(level, report.loss, gradients)) {
    report.gradient_norm = weights.step(gradients);
  }
  ClassificationMeter meter;
  meter.add(report.loss, logits, labels);
  epoch_meter.add(meter);
  report.top1 = meter.top1();
  report.seconds = watch.seconds();
  return report;
}

bool SearchLoop::finite(const char* level, double loss, const TensorList& gradients) {
  if (std::isfinite(loss) && all_finite(gradients)) {
    return true;
  }
  if (options_.on_nonfinite == NonFinitePolicy::kStop) {
    throw NonFiniteError(std::string("the loss or gradient of level '") + level +
                         "' is not finite at step " + std::to_string(step_) +
                         "; lower the learning rate, or set on_nonfinite: skip");
  }
  ++skipped_updates_;
  return false;
}

void SearchLoop::report_epoch(int64_t epoch, double seconds) {
  EpochReport report;
  report.epoch = epoch;
  report.epochs = options_.epochs;
  report.step = step_;
  report.learning_rate = weights1_.learning_rate();
  report.train1 = std::exchange(meter1_, {});
  report.train2 = std::exchange(meter2_, {});
  report.genotype = networks_.net1->derive();
  report.margin = networks_.net1->margin();
  report.architecture_change =
      largest_change(networks_.architecture()->tensors(), initial_architecture_);
  report.entropy = mean_entropy(*networks_.net1);
  if (data_.validation != nullptr && options_.validate_every > 0 &&
      ((epoch + 1) % options_.validate_every == 0 || finished())) {
    report.validation = validate();
  }
  report.seconds = seconds;
  report.skipped_updates = skipped_updates_;
  for (auto* observer : observers_) {
    observer->on_epoch(report);
  }
}

void SearchLoop::resume_at(int64_t step, const ClassificationMeter& meter1,
                           const ClassificationMeter& meter2,
                           const TensorList& initial_architecture, int64_t skipped_updates) {
  step_ = step;
  meter1_ = meter1;
  meter2_ = meter2;
  for (size_t i = 0; i < initial_architecture_.size(); ++i) {
    initial_architecture_[i].copy_(initial_architecture[i]);
  }
  skipped_updates_ = skipped_updates;
}

ClassificationMeter SearchLoop::validate() {
  const torch::NoGradGuard no_grad;
  const ScopedMode evaluation(*networks_.net1, false);
  const auto classifier =
      frozen_classifier(*networks_.net1, networks_.normalization, options_.seed);
  ClassificationMeter meter;
  data_.validation->start_epoch(0);
  while (const auto batch = data_.validation->next()) {
    const Batch moved = batch->to(device_);
    const auto logits = classifier(moved.images);
    meter.add(cross_entropy(logits, moved.labels).item<double>(), logits, moved.labels);
  }
  return meter;
}

bool SearchLoop::stop_requested() const {
  return std::any_of(observers_.begin(), observers_.end(),
                     [](const SearchObserver* observer) { return observer->wants_stop(); });
}

uint64_t SearchLoop::seed_of(uint64_t stream) const {
  return derive_seed(options_.seed, {static_cast<uint64_t>(step_), stream});
}

}  // namespace sanas
