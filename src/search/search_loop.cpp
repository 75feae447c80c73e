// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/search_loop.h"

#include <algorithm>
#include <utility>

#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"
#include "sanas/optim/schedule.h"
#include "sanas/search/eigenvalue.h"

namespace sanas {
namespace {

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
      normalization_(networks.normalization),
      data_(data),
      options_(options),
      device_(device),
      weights1_(networks.net1->parameters(), options.weights),
      architecture_(networks.architecture()->tensors(), options.architecture),
      perturbations_(options.attack, options.keep_perturbations),
      initial_architecture_(clone(networks.architecture()->tensors())),
      early_stopping_(options.eigenvalue) {
  if (options.attack.space == AttackSpace::kNormalized) {
    networks_.normalization = {};  // `prepare` does it
  }
  if (options.method == SearchMethod::kSanas) {
    weights2_.emplace(networks.net2->parameters(), options.weights);
  }
  SearchOptions architect_options = options_;
  if (options.method == SearchMethod::kSanas && options.sequential_stages) {
    SearchOptions plain = options_;
    plain.method = SearchMethod::kPlain;
    first_stage_architect_ = make_architect(plain, networks_, weights1_, nullptr);
    auto& terms = architect_options.hypergradient.terms;
    terms.direct1 = terms.weights1 = terms.delta_direct = terms.delta_weights1 = false;
  }
  architect_ = make_architect(architect_options, networks_, weights1_, weights2(), &perturbations_);
}

void SearchLoop::run() {
  if (finished() && step_ % steps_per_epoch() != 0) {
    run_epoch(step_ / steps_per_epoch());  // nothing is left to do; a resume reports once more
  }
  while (!finished() && !stop_requested()) {
    run_epoch(step_ / steps_per_epoch());
  }
}

bool SearchLoop::finished() const {
  return step_ >= options_.epochs * steps_per_epoch() ||
         (options_.max_steps > 0 && step_ >= options_.max_steps) ||
         (options_.eigenvalue.stop && early_stopping_.stopped_at());
}

Genotype SearchLoop::genotype() const {
  return options_.eigenvalue.stop && early_stopping_.stopped_at()
             ? parse_genotype(early_stopping_.stopped_at()->genotype)
             : networks_.net1->derive();
}

void SearchLoop::run_epoch(int64_t epoch) {
  const Stopwatch watch;
  const ScheduleOptions schedule{Schedule::kCosine, options_.weights.learning_rate,
                                 options_.weights.min_learning_rate};
  const double rate = learning_rate(schedule, epoch, options_.epochs);
  weights1_.set_learning_rate(rate);
  networks_.net1->start_epoch(epoch, options_.epochs);
  architect_->start_epoch(epoch);
  if (weights2_) {
    weights2_->set_learning_rate(rate);
    networks_.net2->start_epoch(epoch, options_.epochs);
  }
  data_.train.start_epoch(epoch, step_ % steps_per_epoch());
  const int64_t first_step = step_;
  // Reports come in runs that are long enough to show an update of every level.
  const auto& every = options_.update_every;
  const int64_t run = std::max({every.weights1, every.weights2, every.architecture});
  while (!finished() && !stop_requested()) {
    const auto train = data_.train.next();
    if (!train) {
      break;
    }
    run_step(prepare(*train), epoch, step_ % options_.report_every < run);
  }
  if (stop_requested() && !finished() && (step_ == first_step || step_ % steps_per_epoch() != 0)) {
    return;  // the epoch is finished after a resume
  }
  report_epoch(epoch, watch.seconds());
}

/// On the device; normalised where the attack lives in normalised space.
Batch SearchLoop::prepare(const Batch& batch) const {
  Batch prepared = batch.to(device_);
  if (options_.attack.space == AttackSpace::kNormalized) {
    prepared.images = normalization_(prepared.images);
  }
  return prepared;
}

bool SearchLoop::in_first_half(int64_t epoch) const { return epoch < options_.epochs / 2; }

void SearchLoop::report_epoch(int64_t epoch, double seconds) {
  EpochReport report;
  report.epoch = epoch;
  report.epochs = options_.epochs;
  report.step = step_;
  report.learning_rate = weights1_.learning_rate();
  report.partial = step_ % steps_per_epoch() != 0;
  report.train1 = meter1_;
  report.train2 = meter2_;
  if (!report.partial) {
    meter1_ = meter2_ = {};
  }
  report.genotype = networks_.net1->derive();
  report.margin = networks_.net1->margin();
  report.architecture_change =
      largest_change(networks_.architecture()->tensors(), initial_architecture_);
  report.entropy = mean_entropy(*networks_.net1);
  if (data_.validation != nullptr && options_.validate_every > 0 &&
      ((epoch + 1) % options_.validate_every == 0 || finished())) {
    report.validation = validate();
  }
  if (data_.validation != nullptr && options_.eigenvalue.every > 0 &&
      epoch % options_.eigenvalue.every == 0) {
    report.eigenvalue = measure_eigenvalue();
    if (!report.partial) {  // it comes once more if the search is gone on with
      early_stopping_.add({epoch, *report.eigenvalue, to_string(report.genotype)});
    }
  }
  report.seconds = seconds;
  report.skipped_updates = skipped_updates_;
  report.rollbacks = rollbacks_;
  report.skipped_images = skipped_images_;
  for (auto* observer : observers_) {
    observer->on_epoch(report);
  }
}

void SearchLoop::resume_at(int64_t step, const ClassificationMeter& meter1,
                           const ClassificationMeter& meter2,
                           const TensorList& initial_architecture, int64_t skipped_updates,
                           int64_t skipped_images) {
  step_ = step;
  meter1_ = meter1;
  meter2_ = meter2;
  for (size_t i = 0; i < initial_architecture_.size(); ++i) {
    initial_architecture_[i].copy_(initial_architecture[i]);
  }
  skipped_updates_ = skipped_updates;
  skipped_images_ = skipped_images;
}

void SearchLoop::skip_to(int64_t step, int64_t rollbacks) {
  if (step / steps_per_epoch() != step_ / steps_per_epoch()) {
    meter1_ = meter2_ = {};
  }
  step_ = step;
  rollbacks_ = rollbacks;
}

ClassificationMeter SearchLoop::validate() {
  const torch::NoGradGuard no_grad;
  const ScopedMode evaluation(*networks_.net1, false);
  const auto classifier =
      frozen_classifier(*networks_.net1, networks_.normalization, options_.seed);
  ClassificationMeter meter;
  data_.validation->start_epoch(0);
  while (const auto batch = data_.validation->next()) {
    const Batch moved = prepare(*batch);
    const auto logits = classifier(moved.images);
    meter.add(cross_entropy(logits, moved.labels).item<double>(), logits, moved.labels);
  }
  return meter;
}

double SearchLoop::measure_eigenvalue() {
  // One batch spread over the validation half, the same every time.
  const auto order = data_.validation->order(0);
  const auto size = std::min<size_t>(order.size(), static_cast<size_t>(options_.batch_size));
  std::vector<int64_t> samples;
  for (size_t i = 0; i < size; ++i) {
    samples.push_back(order[i * order.size() / size]);
  }
  const Batch batch = prepare(data_.validation->load(0, samples));
  const ScopedBuffers running_statistics(*networks_.net1);
  const ScopedMode training(*networks_.net1, true);
  const auto classifier =
      frozen_classifier(*networks_.net1, networks_.normalization, options_.seed);
  return largest_eigenvalue([&] { return cross_entropy(classifier(batch.images), batch.labels); },
                            networks_.architecture()->tensors(), options_.eigenvalue.iterations,
                            options_.seed);
}

bool SearchLoop::stop_requested() const {
  return std::any_of(observers_.begin(), observers_.end(),
                     [](const SearchObserver* observer) { return observer->wants_stop(); });
}

uint64_t SearchLoop::seed_of(uint64_t stream, int64_t repetition) const {
  return derive_seed(options_.seed,
                     {static_cast<uint64_t>(step_), stream, static_cast<uint64_t>(repetition)});
}

}  // namespace sanas
