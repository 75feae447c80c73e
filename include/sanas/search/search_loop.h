// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sanas/data/endless_batches.h"
#include "sanas/data/loader.h"
#include "sanas/optim/metrics.h"
#include "sanas/search/architect.h"
#include "sanas/search/networks.h"
#include "sanas/search/options.h"
#include "sanas/search/reports.h"

namespace sanas {

/// Where a search gets its batches from. All have to outlive the loop.
struct SearchData {
  DataLoader& train;
  /// One batch per architecture step, from the validation half.
  EndlessBatches& architecture;
  /// The validation half once, to measure accuracy; null: don't.
  DataLoader* validation = nullptr;
};

/// Algorithm 1 of the supplement with the update frequencies of its §A.4.
class SearchLoop {
 public:
  SearchLoop(const SearchNetworks& networks, const SearchData& data, const SearchOptions& options,
             const torch::Device& device);

  /// Observers are called in order and have to outlive the loop.
  void add_observer(SearchObserver& observer) { observers_.add(observer); }

  /// Runs from the current step to the last epoch, to `max_steps`, or until an observer asks to
  /// stop: between two mini-batches or while an epoch is validated, which then is done again when
  /// the search is gone on with. A search that has ended within an epoch reports that epoch once
  /// more. Returns whether it has come to its end. Throws NonFiniteError unless the policy is
  /// NonFinitePolicy::kSkip; `step()` then is the mini-batch that failed, and the state may be
  /// anything.
  bool run();

  /// Mini-batches done so far.
  int64_t step() const { return step_; }
  /// Whole epochs that the observers were told of; of the next one all mini-batches may be done.
  int64_t reported_epochs() const { return reported_epochs_; }
  int64_t steps_per_epoch() const { return data_.train.batches_per_epoch(); }
  /// How many images the accuracy is measured on at the end of the search; 0: it is not measured.
  int64_t validation_images() const {
    return data_.validation == nullptr || options_.validate_every == 0 ? 0
                                                                       : data_.validation->size();
  }
  /// True once the last epoch or `max_steps` is done, or the eigenvalue has grown too much, and
  /// every whole epoch is reported.
  bool finished() const;
  /// What the search has found so far: the genotype of the current architecture variables, or the
  /// one that early stopping went back to.
  Genotype genotype() const;
  /// Loss and accuracy over the mini-batches of this epoch so far.
  const ClassificationMeter& meter1() const { return meter1_; }
  const ClassificationMeter& meter2() const { return meter2_; }
  /// The architecture variables when the search began.
  const TensorList& initial_architecture() const { return initial_architecture_; }

  /// Continue after `step` mini-batches with the given state of the epoch; weights, optimizers and
  /// architecture are set by the caller.
  /// @param reported_epochs those before that of the step, or one less where it ends an epoch.
  void resume_at(int64_t step, int64_t reported_epochs, const ClassificationMeter& meter1,
                 const ClassificationMeter& meter2, const TensorList& initial_architecture,
                 int64_t skipped_updates, int64_t skipped_images);

  /// Leaves out the mini-batches before `step`, after the state of an earlier one was put back for
  /// the `rollbacks`-th time. If that leads to the end of an epoch, the epoch is reported.
  void skip_to(int64_t step, int64_t rollbacks);

  const SearchNetworks& networks() const { return networks_; }
  /// Which images W1 and W2, and the architecture, learn from (DataLoader::fingerprint).
  std::string images() const {
    return data_.train.fingerprint() + " " + data_.architecture.fingerprint();
  }
  /// What happens to raw pixels before they reach a network.
  const PixelNormalization& normalization() const { return normalization_; }
  const SearchOptions& options() const { return options_; }
  WeightOptimizer& weights1() { return weights1_; }
  /// Null in a plain search.
  WeightOptimizer* weights2() { return weights2_ ? &*weights2_ : nullptr; }
  ArchitectureOptimizer& architecture() { return architecture_; }
  PerturbationStore& perturbations() { return perturbations_; }
  EarlyStopping& early_stopping() { return early_stopping_; }
  /// Updates left out because something was not finite.
  int64_t skipped_updates() const { return skipped_updates_; }
  /// Images left out of mini-batches because they could not be decoded.
  int64_t skipped_images() const { return skipped_images_; }
  /// How often an earlier state was put back for that reason.
  int64_t rollbacks() const { return rollbacks_; }

 private:
  void run_epoch(int64_t epoch);
  /// Whether the last mini-batch is done, or one of those after which the search is to stop early.
  bool no_steps_left() const;
  void run_step(const Batch& train, int64_t epoch, bool reported);
  Batch prepare(const Batch& batch) const;
  bool in_first_half(int64_t epoch) const;
  torch::Tensor attack_images(const Batch& train);
  void update_architecture(const Batch& train, StepReport& report);
  void update_weights(const Batch& train, StepReport& report);
  void update_weights1(const Batch& train, StepReport& report);
  void update_weights2(const Batch& train, StepReport& report);
  LevelReport train_level(const char* level, Supernet& net, WeightOptimizer& weights,
                          const torch::Tensor& images, const torch::Tensor& labels, uint64_t seed,
                          ClassificationMeter& epoch_meter);
  void report_epoch(int64_t epoch, double seconds);
  bool finite(const char* level, bool all_finite);
  /// W1, W2 and A.
  TensorList all_variables() const;
  void measure_accuracy(EpochReport& report);
  std::optional<double> measure_eigenvalue();
  uint64_t seed_of(uint64_t stream, int64_t repetition = 0) const;

  /// With an attack in normalised space, without their normalisation.
  SearchNetworks networks_;
  PixelNormalization normalization_;
  SearchData data_;
  SearchOptions options_;
  torch::Device device_;
  WeightOptimizer weights1_;
  std::optional<WeightOptimizer> weights2_;
  ArchitectureOptimizer architecture_;
  PerturbationStore perturbations_;
  std::unique_ptr<Architect> architect_;
  /// Of the first half of a search whose stages follow one another; null otherwise.
  std::unique_ptr<Architect> first_stage_architect_;
  Observers<SearchObserver> observers_;
  /// Of each level.
  std::map<std::string, UpdateGuard> guards_;
  TensorList initial_architecture_;
  EarlyStopping early_stopping_;
  ClassificationMeter meter1_;
  ClassificationMeter meter2_;
  int64_t step_ = 0;
  int64_t reported_epochs_ = 0;
  int64_t skipped_updates_ = 0;
  int64_t skipped_images_ = 0;
  int64_t rollbacks_ = 0;
};

}  // namespace sanas
