// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/core/log.h"
#include "sanas/io/checkpoint_schedule.h"
#include "sanas/io/checkpoint_store.h"
#include "sanas/io/config.h"
#include "sanas/io/metrics_log.h"
#include "sanas/io/phase_display.h"
#include "sanas/io/progress.h"
#include "sanas/io/rollback.h"
#include "sanas/io/run_folder.h"
#include "sanas/train/evaluation_loop.h"

namespace sanas {

/// Writes down what a training does: metrics.jsonl, the log, progress, and checkpoints when they
/// are due and at the end of each epoch.
class TrainRecorder : public TrainObserver {
 public:
  /// All have to outlive the recorder.
  TrainRecorder(EvaluationLoop& loop, const Config& config, const DatasetInfo& info,
                RunFolder& folder, CheckpointStore& checkpoints, MetricsLog& metrics,
                ProgressDisplay& progress, Log& log);

  void on_step(const TrainStepReport& report) override;
  void on_epoch(const TrainEpochReport& report) override;
  void on_phase(const PhaseReport& report) override;
  bool wants_stop() const override;

  /// Writes checkpoints/last.safetensors, and best.safetensors where no earlier score is as high.
  void save_checkpoint(std::optional<double> score = {});

 private:
  /// The accuracy that evaluation.selection looks at; none under Selection::kLast.
  std::optional<double> score_of(const TrainEpochReport& report) const;

  EvaluationLoop& loop_;
  const Config& config_;
  const DatasetInfo& info_;
  RunFolder& folder_;
  CheckpointStore& checkpoints_;
  CheckpointSchedule schedule_;
  MetricsLog& metrics_;
  ProgressDisplay& progress_;
  PhaseDisplay phases_;
  Log& log_;
  /// Lines of metrics.jsonl that a resumed run keeps.
  uint64_t resume_position_;
  Gaps gaps_;
};

}  // namespace sanas
