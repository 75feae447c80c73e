// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "checkpoint/checkpoint_schedule.h"
#include "checkpoint/checkpoint_store.h"
#include "formats/json_lines.h"
#include "runs/finally.h"
#include "runs/live_report.h"
#include "runs/rollback.h"
#include "runs/run_folder.h"
#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/core/progress.h"
#include "sanas/runs/run_options.h"

namespace sanas {

enum class SessionKind { kSearch, kTraining };

/// A checkpoint to go on with, and what it says of itself.
struct SavedState {
  LoadedCheckpoint checkpoint;
  CheckpointInfo info;
};

/// A mini-batch at which something was not finite.
struct FailedStep {
  int64_t stage = 0;
  int64_t step = 0;
  /// How often the run went back before it.
  int64_t rollbacks = 0;
};

/// Where a run goes on after such a mini-batch; without a checkpoint from its beginning.
struct RollbackPoint {
  int64_t next_step = 0;
  std::optional<LoadedCheckpoint> checkpoint;
};

/// The options of a run that is a part of another one, or of several: with `options.resume` it is
/// gone on with if it was begun.
RunOptions partial_run(const RunOptions& options, const std::filesystem::path& folder);

/// Makes the folder of a run, or opens that of the run to go on with, and locks it. A new one gets
/// `config.yaml` (and `config.base.yaml` where that is known, and a copy of the search's list), by
/// which a later start sees that there is something to resume; that one compares first. From then
/// on `log` goes into `log.txt`, too. Throws FileError; ConfigError like check_resumable, or if the
/// folder is another program's; DataError if the list of the search was changed.
RunFolder open_run_folder(SessionKind kind, const Config& config, const RunOptions& options,
                          Log& log);

/// Adds the line of this start of the program to `sessions.jsonl` (record_session).
void record_start(const RunFolder& folder, SessionKind kind, const torch::Device& device,
                  int64_t first_step);

/// Throws ConfigError that names the keys in which a resumed run may not differ from its beginning.
void check_resumable(const Config& now, const Config& before, const std::string& source);

/// One start of a program on a run that learns mini-batch by mini-batch, from the opened folder to
/// the last report: where it goes on, what it records, saves, and goes back to.
///
///     RunSession session(SessionKind::kTraining, config, options, log);
///     return session.run([&] {
///       const auto saved = session.resume([&] { return loop.images(); }, steps);  // changes no
///       file …                                                         // puts the loop into that
///       state session.start(device, loop.step()); …
///     });
class RunSession {
 public:
  /// open_run_folder, with metrics.jsonl and the checkpoints in it. `log` has to outlive this.
  RunSession(SessionKind kind, const Config& config, const RunOptions& options, Log& log);

  const Config& config() const { return config_; }
  const RunOptions& options() const { return options_; }
  const RunFolder& folder() const { return folder_; }
  JsonLinesFile& metrics() { return metrics_; }
  CheckpointStore& checkpoints() { return checkpoints_; }
  Log& log() const { return log_; }
  ProgressOptions progress() const { return progress_options(options_.quiet, log_); }
  /// An observer; belongs behind the one that writes metrics.jsonl.
  LiveReport& report() { return report_; }

  /// The newest good checkpoint; nothing at the beginning of a run. Changes no file.
  /// @param images which the loop has; asked for where there is a checkpoint to compare with.
  /// @param total_steps mini-batches of the loop.
  /// Throws ConfigError if the run was begun otherwise or more is done than that, DataError for
  /// other images, FileError if no checkpoint is good or those that there were are gone.
  std::optional<SavedState> resume(const std::function<std::string()>& images, int64_t total_steps);

  /// From here on the folder changes: metrics are cut back to those of the resumed state, what may
  /// have changed in the configuration is written down, and sessions.jsonl gets its line.
  /// @param first_step what this start does first, over all stages.
  void start(const torch::Device& device, int64_t first_step);

  /// Does the work of the run and returns its result. However it ends, report.html then shows what
  /// has become of a run that was started.
  template <typename Work>
  auto run(const Work& work) {
    return do_finally(work, [this] { close(); });
  }

  /// The lines that are in metrics.jsonl belong to the mini-batches that are done: a resume from
  /// the next checkpoint keeps them.
  void settle_records() { settled_ = metrics_.position(); }
  /// How many such lines there are.
  uint64_t settled_records() const { return settled_; }

  /// Whether a checkpoint is to be saved after `steps` mini-batches (CheckpointSchedule).
  bool save_is_due(int64_t steps) { return schedule_.take_due(steps); }
  /// CheckpointStore::save, once the metrics that belong to it are on disk.
  void save(NamedTensors checkpoint, const std::string& name, std::optional<double> score = {});

  /// Where to go on after an error: behind the mini-batch that failed, from the newest good
  /// checkpoint. Writes it down. Throws NonFiniteError where the policy or the number of failures
  /// forbids it.
  RollbackPoint roll_back(const NonFiniteError& error, const FailedStep& failed);

 private:
  void close();

  SessionKind kind_;
  Config config_;
  RunOptions options_;
  Log& log_;
  RunFolder folder_;
  JsonLinesFile metrics_;
  CheckpointStore checkpoints_;
  CheckpointSchedule schedule_;
  Rollback rollback_;
  LiveReport report_;
  /// Lines of metrics.jsonl that a resumed run keeps.
  uint64_t settled_ = 0;
  bool is_started_ = false;
};

}  // namespace sanas
