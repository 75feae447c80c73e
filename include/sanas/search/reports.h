// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "sanas/core/phase.h"
#include "sanas/genotype/genotype.h"
#include "sanas/optim/metrics.h"
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
};

/// One architecture update: Euclidean norms over all architecture variables; of the last of its
/// steps where it has several.
struct ArchitectureReport {
  double validation1_loss = 0.0;
  double validation2_loss = 0.0;
  double attack_loss = 0.0;
  double total_norm = 0.0;
  double direct1_norm = 0.0;
  double direct2_norm = 0.0;
  double weights1_norm = 0.0;
  double weights2_norm = 0.0;
  double delta_direct_norm = 0.0;
  double delta_weights1_norm = 0.0;
  /// Cosines of the terms with the total, in the same order.
  double direct1_cosine = 0.0;
  double direct2_cosine = 0.0;
  double weights1_cosine = 0.0;
  double weights2_cosine = 0.0;
  double delta_direct_cosine = 0.0;
  double delta_weights1_cosine = 0.0;
  /// Forward-backward passes of all steps, without those that only this report needed.
  int64_t passes = 0;
  double seconds = 0.0;
  int64_t peak_memory_bytes = 0;
};

/// Norms and cosines of a hypergradient; waits for the device once.
ArchitectureReport summarize(const Hypergradient& hypergradient);

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
  /// Mini-batches done so far.
  int64_t step = 0;
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
  /// Updates left out, and returns to an earlier state, because something was not finite.
  int64_t skipped_updates = 0;
  int64_t rollbacks = 0;
  /// Images left out of mini-batches so far because they could not be decoded.
  int64_t skipped_images = 0;
};

/// Looks on while a search runs. Nothing that an observer does changes the search's numbers. It is
/// asked whether to stop before every mini-batch and in the phases "validation" and "eigenvalue" at
/// the end of an epoch.
class SearchObserver : public PhaseObserver {
 public:
  virtual void on_step(const StepReport& /*report*/) {}
  virtual void on_epoch(const EpochReport& /*report*/) {}
};

}  // namespace sanas
