// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checkpoint/checkpoint_schedule.h"
#include "checkpoint/checkpoint_store.h"
#include "formats/json_lines.h"
#include "runs/rollback.h"
#include "runs/run_folder.h"
#include "sanas/config/config.h"
#include "sanas/core/log.h"
#include "sanas/core/phase_display.h"
#include "sanas/core/progress.h"
#include "sanas/train/evaluation_loop.h"

namespace sanas {

/// Writes down what a training does: metrics.jsonl, the log, progress, and checkpoints when they
/// are due and at the end of each epoch.
class TrainRecorder : public TrainObserver {
 public:
  /// All have to outlive the recorder.
  TrainRecorder(EvaluationLoop& loop, const Config& config, const DatasetInfo& info,
                const RunFolder& folder, CheckpointStore& checkpoints, JsonLinesFile& metrics,
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
  const RunFolder& folder_;
  CheckpointStore& checkpoints_;
  CheckpointSchedule schedule_;
  JsonLinesFile& metrics_;
  ProgressDisplay& progress_;
  PhaseDisplay phases_;
  Log& log_;
  /// Lines of metrics.jsonl that a resumed run keeps.
  uint64_t resume_position_;
  Gaps gaps_;
};

}  // namespace sanas
