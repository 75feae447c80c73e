// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/search_loop.h"

#include <algorithm>
#include <utility>

#include "sanas/core/random.h"
#include "sanas/core/stopwatch.h"

namespace sanas {
namespace {

UpdateGuard guard_of(const std::string& level, const SearchOptions& options) {
  return {options.on_nonfinite, "level '" + level + "'", "lower search.weights.learning_rate"};
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
      perturbations_(options_.attack, options.keep_perturbations),
      guard1_(guard_of("weights 1", options)),
      guard2_(guard_of("weights 2", options)),
      attack_guard_(guard_of("attack", options)),
      architecture_guard_(guard_of("architecture", options)),
      initial_architecture_(clone(networks.architecture()->tensors())),
      early_stopping_(options.eigenvalue),
      cursor_({.epochs = options.epochs,
               .steps_per_epoch = data.train.batches_per_epoch(),
               .max_steps = options.max_steps}) {
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
  return run_epochs(cursor_, observers_, [this] { run_epoch(); });
}

Genotype SearchLoop::genotype() const {
  return options_.eigenvalue.stop && early_stopping_.stopped_at()
             ? parse_genotype(early_stopping_.stopped_at()->genotype)
             : networks_.net1->derive();
}

void SearchLoop::run_epoch() {
  const Stopwatch watch;
  start_epoch();
  bool is_barren = cursor_.steps_of_epoch() == 0;
  while (!cursor_.is_epoch_done() && !cursor_.no_steps_left()) {
    check_stop(observers_);
    const auto train = data_.train.next();
    if (!train) {
      break;
    }
    is_barren = is_barren && !train->is_usable();
    run_step(prepare(*train));
  }
  if (is_barren && cursor_.is_epoch_done()) {
    data_.train.throw_nothing_left();
  }
  report_epoch(watch.seconds());
}

void SearchLoop::start_epoch() {
  const int64_t epoch = cursor_.epoch();
  const SearchEpoch search_epoch{epoch, options_.epochs, options_.architecture.start_epoch};
  const double rate = learning_rate(options_.weights.schedule, epoch, options_.epochs);
  weights1_.set_learning_rate(rate);
  networks_.net1->start_epoch(search_epoch);
  architect_->start_epoch(epoch);
  if (weights2_) {
    weights2_->set_learning_rate(rate);
    networks_.net2->start_epoch(search_epoch);
  }
  data_.train.start_epoch(epoch, cursor_.steps_of_epoch());
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

SearchState SearchLoop::state() const {
  return {.counts = cursor_.counts(),
          .meter1 = meter1_,
          .meter2 = meter2_,
          .momentum1 = weights1_.momentum_buffers(),
          .momentum2 = weights2_ ? weights2_->momentum_buffers() : TensorList{},
          .architecture_optimizer = architecture_.state(),
          .initial_architecture = initial_architecture_,
          .eigenvalues = early_stopping_.measurements(),
          .perturbations = perturbations_.state()};
}

void SearchLoop::set_state(const SearchState& state) {
  architecture_.set_state(state.architecture_optimizer);
  perturbations_.set_state(state.perturbations);
  weights1_.set_momentum_buffers(state.momentum1);
  if (weights2_) {
    weights2_->set_momentum_buffers(state.momentum2);
  }
  copy_in_place(initial_architecture_, state.initial_architecture);
  early_stopping_ = EarlyStopping(options_.eigenvalue);
  for (const auto& measurement : state.eigenvalues) {
    early_stopping_.add(measurement);
  }
  meter1_ = state.meter1;
  meter2_ = state.meter2;
  cursor_.set_counts(state.counts);
  end_if_collapsing();
}

void SearchLoop::skip_to(int64_t step, int64_t rollbacks) {
  if (cursor_.skip_to(step, rollbacks)) {
    meter1_ = meter2_ = {};
  }
}

uint64_t SearchLoop::seed_of(uint64_t stream, int64_t repetition) const {
  return derive_seed(options_.seed,
                     {static_cast<uint64_t>(options_.stage), static_cast<uint64_t>(step()), stream,
                      static_cast<uint64_t>(repetition)});
}

}  // namespace sanas
