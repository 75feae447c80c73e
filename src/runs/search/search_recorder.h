// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_schedule.h"
#include "checkpoint/checkpoint_store.h"
#include "formats/json_lines.h"
#include "runs/rollback.h"
#include "runs/run_folder.h"
#include "sanas/config/config.h"
#include "sanas/core/log.h"
#include "sanas/core/phase_display.h"
#include "sanas/core/progress.h"
#include "sanas/search/search_loop.h"
#include "sanas/supernet/search_stage.h"

namespace sanas {

/// Writes down what a stage of a search does: metrics.jsonl, the log, progress, checkpoints when
/// they are due, and at the end of each epoch the genotype, the drawings of its cells and a
/// checkpoint.
class SearchRecorder : public SearchObserver {
 public:
  /// All have to outlive the recorder.
  SearchRecorder(SearchLoop& loop, const SearchStage& stage, const Config& config,
                 const DatasetInfo& info, const RunFolder& folder, CheckpointStore& checkpoints,
                 JsonLinesFile& metrics, ProgressDisplay& progress, Log& log);

  void on_step(const StepReport& report) override;
  void on_epoch(const EpochReport& report) override;
  void on_phase(const PhaseReport& report) override;
  bool wants_stop() const override;

  /// Writes checkpoints/last.safetensors, and best.safetensors if no stage's score was higher.
  /// @param score accuracy on the validation half, where it was measured.
  void save_checkpoint(std::optional<double> score = {});

  /// Forward-backward passes of the last architecture step.
  int64_t architecture_passes() const { return architecture_passes_; }

  /// Seconds and passes of each level so far, as lines for the log.
  std::vector<std::string> cost_report() const;

 private:
  struct Cost {
    double seconds = 0.0;
    int64_t updates = 0;
    int64_t passes = 0;
    int64_t peak_memory_bytes = 0;
  };

  void announce_validation(const StepReport& report);

  SearchLoop& loop_;
  const SearchStage& stage_;
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
  Cost weights1_;
  Cost weights2_;
  Cost architecture_;
  int64_t architecture_passes_ = 0;
  /// Of W1, seconds for an image.
  double fastest_pass_ = std::numeric_limits<double>::infinity();
  bool is_validation_announced_ = false;
};

}  // namespace sanas
