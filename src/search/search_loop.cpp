// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/search_loop.h"

#include <algorithm>
#include <utility>

#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"

namespace sanas {

SearchLoop::SearchLoop(const SearchNetworks& networks, const SearchData& data,
                       const SearchOptions& options, const torch::Device& device)
    : networks_(networks),
      normalization_(networks.normalization),
      data_(data),
      options_(options),
      device_(device),
      weights1_(networks.net1->parameters(), options.weights),
      architecture_(networks.architecture()->tensors(), options.architecture),
      perturbations_(options_.attack, options.keep_perturbations),
      initial_architecture_(clone(networks.architecture()->tensors())),
      early_stopping_(options.eigenvalue) {
  sanas::validate(options);
  options_.attack = attack_of(options);
  if (options.attack.space == AttackSpace::kNormalized) {
    networks_.normalization = {};  // `prepare` does it
  }
  if (options.method == SearchMethod::kSanas) {
    weights2_.emplace(networks.net2->parameters(), options.weights);
  }
  if (options.method == SearchMethod::kSanas && options.sequential_stages) {
    SearchOptions plain = options_;
    plain.method = SearchMethod::kPlain;
    first_stage_architect_ = make_architect(plain, networks_, weights1_, nullptr);
  }
  architect_ = make_architect(options_, networks_, weights1_, weights2(), &perturbations_);
}

bool SearchLoop::run() {
  try {
    if (finished() && step_ % steps_per_epoch() != 0) {
      run_epoch(reported_epochs_);  // nothing is left to do; a resume reports once more
    }
    while (!finished()) {
      check_stop(observers_);
      run_epoch(reported_epochs_);
    }
    return true;
  } catch (const Interrupted&) {
    return false;
  }
}

bool SearchLoop::no_steps_left() const {
  return step_ >= options_.epochs * steps_per_epoch() ||
         (options_.max_steps > 0 && step_ >= options_.max_steps) ||
         (options_.eigenvalue.stop && early_stopping_.stopped_at());
}

bool SearchLoop::finished() const {
  const bool is_report_due = step_ >= (reported_epochs_ + 1) * steps_per_epoch();
  return no_steps_left() && !is_report_due;
}

Genotype SearchLoop::genotype() const {
  return options_.eigenvalue.stop && early_stopping_.stopped_at()
             ? parse_genotype(early_stopping_.stopped_at()->genotype)
             : networks_.net1->derive();
}

void SearchLoop::run_epoch(int64_t epoch) {
  const Stopwatch watch;
  const double rate = learning_rate(options_.weights.schedule, epoch, options_.epochs);
  weights1_.set_learning_rate(rate);
  networks_.net1->start_epoch(epoch, options_.epochs);
  architect_->start_epoch(epoch);
  if (weights2_) {
    weights2_->set_learning_rate(rate);
    networks_.net2->start_epoch(epoch, options_.epochs);
  }
  const int64_t first_step = epoch * steps_per_epoch();
  data_.train.start_epoch(epoch, step_ - first_step);
  // Reports come in runs that are long enough to show an update of every level.
  const auto& every = options_.update_every;
  const int64_t run = std::max({every.weights1, every.weights2, every.architecture});
  bool is_barren = step_ == first_step;
  while (step_ < first_step + steps_per_epoch() && !no_steps_left()) {
    check_stop(observers_);
    const auto train = data_.train.next();
    if (!train) {
      break;
    }
    is_barren = is_barren && !train->is_usable();
    run_step(prepare(*train), epoch, step_ % options_.report_every < run);
  }
  if (is_barren && step_ == first_step + steps_per_epoch()) {
    data_.train.throw_nothing_left();
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

void SearchLoop::resume_at(int64_t step, int64_t reported_epochs, const ClassificationMeter& meter1,
                           const ClassificationMeter& meter2,
                           const TensorList& initial_architecture, int64_t skipped_updates,
                           int64_t skipped_images) {
  step_ = step;
  reported_epochs_ = reported_epochs;
  meter1_ = meter1;
  meter2_ = meter2;
  for (size_t i = 0; i < initial_architecture_.size(); ++i) {
    initial_architecture_[i].copy_(initial_architecture[i]);
  }
  skipped_updates_ = skipped_updates;
  skipped_images_ = skipped_images;
}

void SearchLoop::skip_to(int64_t step, int64_t rollbacks) {
  const int64_t epoch = step > step_ ? (step - 1) / steps_per_epoch() : reported_epochs_;
  if (epoch > reported_epochs_) {
    meter1_ = meter2_ = {};
    reported_epochs_ = epoch;
  }
  step_ = step;
  rollbacks_ = rollbacks;
}

uint64_t SearchLoop::seed_of(uint64_t stream, int64_t repetition) const {
  return derive_seed(options_.seed,
                     {static_cast<uint64_t>(options_.stage), static_cast<uint64_t>(step_), stream,
                      static_cast<uint64_t>(repetition)});
}

}  // namespace sanas
