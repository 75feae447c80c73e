// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a search reports after each step and each epoch, and how to listen to it.

#include <cstdint>
#include <optional>

#include "sanas/core/phase.h"
#include "sanas/genotype/genotype.h"
#include "sanas/optim/metrics.h"
#include "sanas/optim/run_cursor.h"
#include "sanas/search/hypergradient.h"

namespace sanas {

/// One weight update.
struct LevelReport {
  double loss = 0.0;
  double top1 = 0.0;
  /// Norm of the gradient before clipping.
  double gradient_norm = 0.0;
  /// Forward-backward passes; these and what follows are of the attack, too, where there is one.
  int64_t passes = 0;
  double seconds = 0.0;
  int64_t peak_memory_bytes = 0;
  /// Images that the attack before it did not move (count_unmoved); unset without an attack.
  std::optional<int64_t> unmoved_images;
};

/// A term of the hypergradient beside the total.
struct TermReport {
  /// Euclidean norm over all architecture variables.
  double norm = 0.0;
  /// Of the angle to the total; 0 where one of them is zero.
  double cosine = 0.0;
};

/// One architecture update; of the last of its steps where it has several.
struct ArchitectureReport {
  double validation1_loss = 0.0;
  double validation2_loss = 0.0;
  double attack_loss = 0.0;
  /// Euclidean norm of the hypergradient over all architecture variables.
  double total_norm = 0.0;
  PerTerm<TermReport> terms;
  /// Forward-backward passes of all steps, without those that only this report needed.
  int64_t passes = 0;
  double seconds = 0.0;
  int64_t peak_memory_bytes = 0;
};

/// Norms and cosines of a hypergradient; waits for the device once.
ArchitectureReport summarize(const Hypergradient& hypergradient);

/// What is updated in a mini-batch. Of the second network with the attack that makes its images.
enum class SearchLevel { kWeights1, kWeights2, kArchitecture };

struct StepReport {
  int64_t epoch = 0;
  /// Mini-batches before this one, over all epochs and in this epoch.
  int64_t step = 0;
  int64_t step_in_epoch = 0;
  int64_t steps_in_epoch = 0;
  int64_t batch_size = 0;
  double learning_rate = 0.0;
  /// A step that is logged: terms are split and levels filled in.
  bool reported = false;
  std::optional<LevelReport> weights1;
  std::optional<LevelReport> weights2;
  std::optional<ArchitectureReport> architecture;
};

struct EpochReport {
  int64_t epoch = 0;
  /// The search ends within this epoch; if it is gone on with, the epoch is reported again.
  bool partial = false;
  int64_t epochs = 0;
  RunCounts counts;
  double learning_rate = 0.0;
  /// Over the mini-batches of the epoch; empty for W2 in a plain search.
  ClassificationMeter train1;
  ClassificationMeter train2;
  Genotype genotype;
  /// How narrowly the weakest choice of the genotype was made.
  double margin = 0.0;
  /// Largest change of any architecture variable since the start.
  double architecture_change = 0.0;
  /// Mean entropy of the operation weights over all edges, in nats.
  double entropy = 0.0;
  /// Accuracy of W1 on the validation half, where it was measured, and how many of its images were
  /// left out because they could not be decoded.
  std::optional<ClassificationMeter> validation;
  int64_t validation_skipped_images = 0;
  /// Largest eigenvalue of the Hessian of W1's validation loss in A, where it was measured.
  std::optional<double> eigenvalue;
  double seconds = 0.0;
};

/// Looks on while a search runs. Nothing that an observer does changes the search's numbers. It is
/// asked whether to stop before every mini-batch and in the phases "validation" and "eigenvalue" at
/// the end of an epoch.
class SearchObserver : public PhaseObserver {
 public:
  /// Called before each update, of the architecture before each of its steps; whether the update is
  /// made is told by on_step.
  virtual void on_level(SearchLevel /*level*/) {}
  virtual void on_step(const StepReport& /*report*/) {}
  virtual void on_epoch(const EpochReport& /*report*/) {}
};

}  // namespace sanas
