// SPDX-License-Identifier: Apache-2.0
#pragma once

// Trains a discrete network: the loop, its reports and its state.

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "sanas/core/phase.h"
#include "sanas/core/stopwatch.h"
#include "sanas/data/loader.h"
#include "sanas/nn/eval_network.h"
#include "sanas/nn/normalization.h"
#include "sanas/optim/classification_report.h"
#include "sanas/optim/optimizers.h"
#include "sanas/optim/run_cursor.h"
#include "sanas/optim/weight_average.h"
#include "sanas/train/network_test.h"
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
  /// Main and auxiliary loss together, as it is minimised; NaN, as the accuracy, where the
  /// mini-batch had no image to train on.
  double loss = std::numeric_limits<double>::quiet_NaN();
  double top1 = std::numeric_limits<double>::quiet_NaN();
  double gradient_norm = 0.0;
  double seconds = 0.0;
  bool reported = false;
};

struct TrainEpochReport {
  int64_t epoch = 0;
  /// The training ends within this epoch; if it is gone on with, the epoch is reported again.
  bool partial = false;
  int64_t epochs = 0;
  RunCounts counts;
  double learning_rate = 0.0;
  ClassificationMeter train;
  /// On the held-out images and on the test images, where they were looked at in this epoch.
  std::optional<ClassificationReport> validation;
  std::optional<ClassificationReport> test;
  double seconds = 0.0;
};

/// Looks on while a network is trained. It is asked whether to stop before every mini-batch and in
/// the phases "validation" and "test" at the end of an epoch.
class TrainObserver : public PhaseObserver {
 public:
  virtual void on_step(const TrainStepReport& /*report*/) {}
  virtual void on_epoch(const TrainEpochReport& /*report*/) {}
};

/// What a training works on; all have to outlive the loop.
struct EvaluationData {
  DataLoader& train;
  DataLoader& test;
  /// Held-out images for Selection::kValidation, otherwise null.
  DataLoader* validation = nullptr;
  /// What the network sees instead of the images; empty: the images.
  ImageFunction input;
};

/// The best epoch so far under a selection other than the last one.
struct BestNetwork {
  /// −1: there was none yet.
  int64_t epoch = -1;
  double top1 = 0.0;
  /// Parameters and buffers (values_of).
  TensorList values;
};

/// What a training has come to besides its network, which is the caller's: with that, all that is
/// to be saved in order to go on.
struct TrainingState {
  RunCounts counts;
  /// Of the epoch so far.
  ClassificationMeter meter;
  /// Of the weights, in parameter order.
  TensorList momentum;
  /// Unset without a moving average.
  std::optional<WeightAverage::State> average;
  BestNetwork best;
};

/// Trains a discrete network from its current weights (darts-family §5.4–5.6): per epoch a learning
/// rate and a drop-path probability, cross-entropy plus weighted auxiliary loss, clipped SGD.
class EvaluationLoop {
 public:
  /// `network` has to outlive the loop.
  EvaluationLoop(EvalNetwork& network, const PixelNormalization& normalization,
                 const EvaluationData& data, const EvaluationOptions& options,
                 const torch::Device& device);

  void add_observer(TrainObserver& observer) { observers_.add(observer); }

  /// Runs to the last epoch, to `max_steps`, or until an observer asks to stop: between two
  /// mini-batches or while an epoch is tested, which then is done again when the training is gone
  /// on with. A training that has ended within an epoch reports that epoch once more. Returns
  /// whether it has come to its end. Throws NonFiniteError when the loss or a gradient is not
  /// finite, unless the policy is NonFinitePolicy::kSkip; `step()` then is the mini-batch that
  /// failed.
  bool run();

  /// The values that are reported: those of the best epoch under a selection, or the moving
  /// average, or the weights as they are. In the order of values_of(network).
  const TensorList& reported_values() const;

  /// True once the last epoch or `max_steps` is done and every whole epoch is reported.
  bool finished() const { return cursor_.is_finished(); }
  /// Mini-batches done so far.
  int64_t step() const { return cursor_.counts().step; }
  /// That and whatever else is counted so far.
  const RunCounts& counts() const { return cursor_.counts(); }
  int64_t steps_per_epoch() const { return cursor_.steps_per_epoch(); }
  EvalNetwork& network() { return network_; }
  const EvalNetwork& network() const { return network_; }
  /// Which images it learns from and selects by (DataLoader::fingerprint).
  std::string images() const;
  const WeightOptimizer& weights() const { return weights_; }
  const BestNetwork& best() const { return best_; }
  const EvaluationOptions& options() const { return options_; }
  /// What happens to raw pixels before they reach the network.
  const PixelNormalization& normalization() const { return normalization_; }

  /// Shares memory with the loop.
  TrainingState state() const;
  /// Goes on from there; the network is set by the caller. The state has an average if and only if
  /// the options ask for one.
  void set_state(const TrainingState& state);

  /// Leaves out the mini-batches before `step`, after the state of an earlier one was put back for
  /// the `rollbacks`-th time. If that leads to the end of an epoch, the epoch is reported.
  void skip_to(int64_t step, int64_t rollbacks);

 private:
  void run_epoch();
  void report_epoch(const Stopwatch& watch);
  void run_step(const Batch& batch, double drop_path);
  /// One update of the weights, or none where something is not finite.
  void train(const Batch& batch, TrainStepReport& report);
  /// One part of a batch: adds `share` of its gradients to those of the parts before, and its loss
  /// and hits (count_hits) to the numbers that the step wants to see.
  void accumulate(const Batch& part, double share, TensorList& gradients, TensorList& numbers);
  /// The network of this moment, before any selection.
  const TensorList& current_values() const;
  ClassificationReport test(DataLoader& images, const char* phase);
  void keep_if_best(const TrainEpochReport& epoch);

  EvalNetwork& network_;
  PixelNormalization normalization_;
  EvaluationData data_;
  EvaluationOptions options_;
  torch::Device device_;
  WeightOptimizer weights_;
  TensorList values_;
  std::optional<WeightAverage> average_;
  BestNetwork best_;
  UpdateGuard guard_;
  Observers<TrainObserver> observers_;
  ClassificationMeter meter_;
  RunCursor cursor_;
};

}  // namespace sanas
