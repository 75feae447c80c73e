// SPDX-License-Identifier: Apache-2.0
#pragma once

// The search itself: Algorithm 1 of the paper.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sanas/data/endless_batches.h"
#include "sanas/data/loader.h"
#include "sanas/optim/metrics.h"
#include "sanas/optim/run_cursor.h"
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

/// What a search has come to besides its networks (weights, running statistics, architecture),
/// which are the caller's: with those, all that is to be saved in order to go on, since every
/// random draw is a function of (seed, stage, step).
struct SearchState {
  RunCounts counts;
  /// Of W1 and W2 in the epoch so far.
  ClassificationMeter meter1;
  ClassificationMeter meter2;
  /// Of the weights, in parameter order; empty for W2 in a plain search.
  TensorList momentum1;
  TensorList momentum2;
  /// ArchitectureOptimizer::state.
  TensorList architecture_optimizer;
  /// The architecture variables when the search began.
  TensorList initial_architecture;
  std::vector<EigenvalueMeasurement> eigenvalues;
  PerturbationStore::State perturbations;
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
  int64_t step() const { return cursor_.counts().step; }
  /// That and whatever else is counted so far.
  const RunCounts& counts() const { return cursor_.counts(); }
  int64_t steps_per_epoch() const { return cursor_.steps_per_epoch(); }
  /// How many images the accuracy is measured on at the end of the search; 0: it is not measured.
  int64_t validation_images() const {
    return data_.validation == nullptr || options_.validate_every == 0 ? 0
                                                                       : data_.validation->size();
  }
  /// True once the last epoch or `max_steps` is done, or the eigenvalue has grown too much, and
  /// every whole epoch is reported.
  bool finished() const { return cursor_.is_finished(); }
  /// What the search has found so far: the genotype of the current architecture variables, or the
  /// one that early stopping went back to.
  Genotype genotype() const;
  /// Shares memory with the loop.
  SearchState state() const;
  /// Goes on from there; the networks are set by the caller. Throws FileError where the state is
  /// not that of such a search.
  void set_state(const SearchState& state);

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
  const WeightOptimizer& weights1() const { return weights1_; }
  /// Null in a plain search.
  const WeightOptimizer* weights2() const { return weights2_ ? &*weights2_ : nullptr; }
  const EarlyStopping& early_stopping() const { return early_stopping_; }

 private:
  struct Level;

  void run_epoch();
  void start_epoch();
  void run_step(const Batch& train);
  Batch prepare(const Batch& batch) const;
  bool in_first_half(int64_t epoch) const;
  /// A network as its weights are trained and attacked, in `options.precision`.
  Classifier trained_classifier(Supernet& net, uint64_t seed) const;
  /// δ of an attack on W1 as it is. @param unmoved gets count_unmoved; null: it is not asked for.
  torch::Tensor attack_images(const Batch& train, torch::Tensor* unmoved = nullptr);
  void tell_level(SearchLevel level);
  void update_architecture(const Batch& train, StepReport& report);
  void update_weights(const Batch& train, StepReport& report);
  void update_weights1(const Batch& train, StepReport& report);
  void update_weights2(const Batch& train, StepReport& report);
  LevelReport train_level(const Level& level, const torch::Tensor& images,
                          const torch::Tensor& labels);
  void report_epoch(double seconds);
  void end_if_collapsing();
  /// Whether an update may be made; counts those that are left out.
  bool allows(UpdateGuard& guard, bool all_finite);
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
  UpdateGuard guard1_;
  UpdateGuard guard2_;
  UpdateGuard attack_guard_;
  UpdateGuard architecture_guard_;
  TensorList initial_architecture_;
  EarlyStopping early_stopping_;
  ClassificationMeter meter1_;
  ClassificationMeter meter2_;
  RunCursor cursor_;
};

}  // namespace sanas
