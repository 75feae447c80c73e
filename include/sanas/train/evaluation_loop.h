// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "sanas/data/loader.h"
#include "sanas/nn/eval_network.h"
#include "sanas/nn/normalization.h"
#include "sanas/optim/metrics.h"
#include "sanas/optim/optimizers.h"
#include "sanas/train/options.h"

namespace sanas {

/// One mini-batch of training.
struct TrainStepReport {
  int64_t epoch = 0;
  /// Mini-batches before this one, over all epochs and in this epoch.
  int64_t step = 0;
  int64_t step_in_epoch = 0;
  int64_t steps_in_epoch = 0;
  int64_t batch_size = 0;
  double learning_rate = 0.0;
  double drop_path = 0.0;
  /// Main and auxiliary loss together, as it is minimised.
  double loss = 0.0;
  double top1 = 0.0;
  double gradient_norm = 0.0;
  double seconds = 0.0;
  bool reported = false;
};

struct TrainEpochReport {
  int64_t epoch = 0;
  /// The training ends within this epoch; if it is gone on with, the epoch is reported again.
  bool partial = false;
  int64_t epochs = 0;
  int64_t step = 0;
  double learning_rate = 0.0;
  ClassificationMeter train;
  /// On the test images, where they were looked at in this epoch.
  std::optional<ClassificationMeter> test;
  double seconds = 0.0;
  /// Updates left out, and returns to an earlier state, because something was not finite.
  int64_t skipped_updates = 0;
  int64_t rollbacks = 0;
};

/// Looks on while a network is trained.
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  virtual void on_step(const TrainStepReport& /*report*/) {}
  virtual void on_epoch(const TrainEpochReport& /*report*/) {}
  /// Asked after every step.
  virtual bool wants_stop() const { return false; }
};

/// Mean loss and accuracies of a network in evaluation mode on all images of a loader.
ClassificationMeter test_network(EvalNetwork& network, const PixelNormalization& normalization,
                                 DataLoader& images, const torch::Device& device);

/// Trains a discrete network from its current weights (darts-family §5.4–5.6): per epoch a learning
/// rate and a drop-path probability, cross-entropy plus weighted auxiliary loss, clipped SGD.
class EvaluationLoop {
 public:
  /// All references have to outlive the loop.
  EvaluationLoop(EvalNetwork& network, const PixelNormalization& normalization, DataLoader& train,
                 DataLoader& test, const EvaluationOptions& options, const torch::Device& device);

  void add_observer(TrainObserver& observer) { observers_.push_back(&observer); }

  /// Runs to the last epoch, to `max_steps`, or until an observer asks to stop; tests at the end of
  /// the training. Throws NonFiniteError when the loss or a gradient is not finite, unless the
  /// policy is NonFinitePolicy::kSkip; `step()` then is the mini-batch that failed.
  void run();

  bool finished() const;
  int64_t step() const { return step_; }
  const ClassificationMeter& meter() const { return meter_; }
  EvalNetwork& network() { return network_; }
  WeightOptimizer& weights() { return weights_; }
  const EvaluationOptions& options() const { return options_; }

  /// Continue after `step` mini-batches with the given state of the epoch; weights and optimizer
  /// are set by the caller.
  void resume_at(int64_t step, const ClassificationMeter& meter, int64_t skipped_updates);

  /// Leaves out the mini-batches before `step`, after the state of an earlier one was put back for
  /// the `rollbacks`-th time.
  void skip_to(int64_t step, int64_t rollbacks);

  /// Updates left out, and returns to an earlier state, because something was not finite.
  int64_t skipped_updates() const { return skipped_updates_; }
  int64_t rollbacks() const { return rollbacks_; }

 private:
  void run_epoch(int64_t epoch);
  void run_step(const Batch& batch, int64_t epoch, double drop_path);
  bool stop_requested() const;

  EvalNetwork& network_;
  PixelNormalization normalization_;
  DataLoader& train_;
  DataLoader& test_;
  EvaluationOptions options_;
  torch::Device device_;
  WeightOptimizer weights_;
  std::vector<TrainObserver*> observers_;
  ClassificationMeter meter_;
  int64_t step_ = 0;
  int64_t skipped_updates_ = 0;
  int64_t rollbacks_ = 0;
};

}  // namespace sanas
