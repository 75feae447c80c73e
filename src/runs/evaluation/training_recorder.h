// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "runs/run_recorder.h"
#include "runs/run_session.h"
#include "sanas/data/dataset.h"
#include "sanas/train/evaluation_loop.h"

namespace sanas {

/// Writes down what a training does: its records and pictures, and checkpoints when they are due
/// and after each epoch.
class TrainingRecorder : public TrainObserver {
 public:
  /// All have to outlive the recorder.
  /// @param title of the progress display. @param steps mini-batches of the loop.
  /// @param info of the images that the network learns from.
  TrainingRecorder(EvaluationLoop& loop, const std::string& title, int64_t steps,
                   const DatasetInfo& info, RunSession& session, RunWatch& watch);

  /// Before the first mini-batch, and after the last one.
  void begin() { run_.begin(); }
  void end() { run_.end(); }

  void on_step(const TrainStepReport& report) override;
  void on_epoch(const TrainEpochReport& report) override;
  void on_phase(const PhaseReport& report) override { run_.on_phase(report); }
  bool wants_stop() const override { return run_.wants_stop(); }

  /// Writes checkpoints/last.safetensors, and best.safetensors where no earlier score is as high.
  void save_checkpoint(std::optional<double> score = {});

 private:
  void write_records(const TrainEpochReport& report);
  /// The accuracy that evaluation.selection looks at; none under Selection::kLast.
  std::optional<double> score_of(const TrainEpochReport& report) const;

  EvaluationLoop& loop_;
  const DatasetInfo& info_;
  RunSession& session_;
  RunRecorder run_;
};

}  // namespace sanas
