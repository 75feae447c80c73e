// SPDX-License-Identifier: Apache-2.0
#include "runs/run_session.h"

#include <algorithm>
#include <array>
#include <vector>

#include "formats/json_lines_reader.h"
#include "formats/json_text.h"
#include "report/run_files.h"
#include "runs/kept_files.h"
#include "runs/session_record.h"
#include "sanas/checkpoint/module_state.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

std::string program_of(SessionKind kind) {
  return kind == SessionKind::kSearch ? "sanas_search" : "sanas_eval";
}

/// What limits the mini-batches of such a run.
std::string step_limit_of(SessionKind kind) {
  return kind == SessionKind::kSearch ? "search.max_steps" : "evaluation.max_steps";
}

/// More epochs, and nothing that was done so far depends on their number.
bool is_longer(const EvaluationOptions& now, const EvaluationOptions& before) {
  const Schedule schedule = now.weights.schedule.schedule;
  const bool is_open = schedule == Schedule::kConstant || schedule == Schedule::kExponential;
  return is_open && now.drop_path == 0.0 && now.epochs > before.epochs;
}

/// What the run was begun with.
Config recorded_config(const fs::path& folder) {
  Config config = load_config((folder / run_files::kConfig).string());
  if (fs::exists(folder / run_files::kCandidates)) {  // the key is younger than such runs
    config.strategy = Strategy::kRandom;
  }
  return config;
}

/// The line of each start says which program it was of.
void check_program(const RunFolder& folder, const std::string& program) {
  std::vector<std::string> ignored;
  const auto starts = read_json_lines(folder.path(run_files::kSessions), ignored);
  const std::string owner = starts.empty() ? "" : text_in(starts.front(), "program");
  if (!owner.empty() && owner != program) {
    throw ConfigError(folder.path().string() + ": holds a run of " + owner + "; " + program +
                      " can't go on with it, choose another --out");
  }
}

/// Throws FileError if the metrics of a run without checkpoints tell that there were some: they
/// hold more than the first epoch, at whose end there is one.
void check_is_beginning(const RunFolder& folder) {
  std::vector<std::string> problems;
  const auto lines = read_json_lines(folder.path(run_files::kMetrics), problems);
  const auto epoch = std::find_if(lines.begin(), lines.end(), [](const auto& line) {
    return text_in(line, "phase").ends_with("_epoch");
  });
  if (epoch != lines.end() && std::next(epoch) != lines.end()) {
    throw FileError(folder.checkpoints().string() +
                    ": the checkpoints of this run are gone; put them back, or start anew in "
                    "another --out");
  }
}

/// Throws FileError if a run can't go on with it: its metadata can't be read, or its weights are
/// not finite.
void check_checkpoint(const LoadedCheckpoint& checkpoint) {
  read_checkpoint_info(checkpoint.tensors, checkpoint.source);
  // Means and measurements may be undefined; weights, statistics and optimizers may not.
  for (const char* prefix : {"w1.", "m1.", "w2.", "m2.", "alphas_", "betas_", "net.", "m.", "ema.",
                             "best.", "architecture_optimizer."}) {
    check_finite(checkpoint.tensors, checkpoint.source, prefix);
  }
}

}  // namespace

void check_resumable(const Config& now, const Config& before, const std::string& source) {
  // What no number of a run depends on: places, what is logged and saved, and when it ends.
  constexpr std::array<const char*, 14> kFree{
      "name",
      "device",
      "dataset.root",
      "dataset.search_list",  // its content is compared
      "dataset.workers",
      "search.max_steps",
      "search.report_every",
      "search.validation_batch_size",  // the last digits of what is only looked at
      "evaluation.max_steps",
      "evaluation.report_every",
      "evaluation.test_batch_size",
      "checkpoint.every_steps",
      "checkpoint.every_minutes",
      "checkpoint.keep",
  };
  std::vector<std::string> changed;
  for (const auto& key : changed_keys(now, before)) {
    const bool is_free =
        std::find(kFree.begin(), kFree.end(), key) != kFree.end() ||
        (key == "evaluation.epochs" && is_longer(now.evaluation, before.evaluation)) ||
        // A run that its policy can't bring further has to be able to get a more tolerant one.
        (key == "on_nonfinite" && now.search.on_nonfinite != NonFinitePolicy::kStop);
    if (!is_free) {
      changed.push_back(key);
    }
  }
  if (!changed.empty()) {
    throw ConfigError(source +
                      ": the run was begun with another configuration; changed: " + join(changed));
  }
}

RunOptions partial_run(const RunOptions& options, const fs::path& folder) {
  RunOptions result = options;
  result.out = folder;
  result.resume = options.resume && fs::exists(folder / run_files::kConfig);
  return result;
}

RunFolder open_run_folder(SessionKind kind, const Config& config, const RunOptions& options,
                          Log& log) {
  RunFolder folder(options.out, options.resume ? RunFolderMode::kResume : RunFolderMode::kCreate);
  if (options.resume) {
    check_program(folder, program_of(kind));
    check_resumable(config, recorded_config(folder.path()),
                    folder.path(run_files::kConfig).string());
  } else {
    folder.write_text(run_files::kConfig, to_yaml(config));
  }
  const fs::path base = folder.path(run_files::kBaseConfig);
  if (options.base && !fs::exists(base)) {  // a process may have been killed before it
    folder.write_text(run_files::kBaseConfig, to_yaml(*options.base));
  }
  keep_search_list(folder.path(), config);
  log.add_file(folder.path(run_files::kLog));
  return folder;
}

void record_start(const RunFolder& folder, SessionKind kind, const torch::Device& device,
                  int64_t first_step) {
  record_session(folder.path(), program_of(kind), device, first_step);
}

RunSession::RunSession(SessionKind kind, const Config& config, const RunOptions& options, Log& log)
    : kind_(kind),
      config_(config),
      options_(options),
      log_(log),
      folder_(open_run_folder(kind, config, options, log)),
      metrics_(folder_.path(run_files::kMetrics), options.resume),
      checkpoints_(folder_.checkpoints(), config.checkpoint.keep),
      schedule_(config.checkpoint),
      rollback_(config.search.on_nonfinite),
      report_(folder_.path(), log) {}

std::optional<SavedState> RunSession::resume(const std::function<std::string()>& images,
                                             int64_t total_steps) {
  if (!options_.resume) {
    return std::nullopt;
  }
  auto checkpoint = checkpoints_.load(log_, check_checkpoint);
  if (!checkpoint) {
    check_is_beginning(folder_);
    return std::nullopt;
  }
  const std::string& source = checkpoint->source;
  CheckpointInfo info = read_checkpoint_info(checkpoint->tensors, source);
  check_resumable(config_, info.config, source);
  check_same_images(info, images(), source);
  if (info.step > total_steps) {
    throw ConfigError(source + ": " + std::to_string(info.step) + " mini-batches are done, " +
                      step_limit_of(kind_) + " allows " + std::to_string(total_steps));
  }
  settled_ = info.metrics_position;
  return SavedState{std::move(*checkpoint), std::move(info)};
}

void RunSession::start(const torch::Device& device, int64_t first_step) {
  metrics_.truncate_to(settled_);
  if (options_.resume) {
    folder_.remove(run_files::kWeights);                       // it tells that a training is over
    folder_.write_text(run_files::kConfig, to_yaml(config_));  // what may change has changed
  }
  record_start(folder_, kind_, device, first_step);
  schedule_.restart();
  is_started_ = true;
}

void RunSession::close() {
  if (is_started_) {
    report_.refresh();
  }
}

void RunSession::save(NamedTensors checkpoint, const std::string& name,
                      std::optional<double> score) {
  metrics_.sync();
  checkpoints_.save(std::move(checkpoint), name, score);
  schedule_.restart();
}

RollbackPoint RunSession::roll_back(const NonFiniteError& error, const FailedStep& failed) {
  RollbackPoint point;
  point.next_step =
      rollback_.next_step(error, failed.step, checkpoints_.last_name(), checkpoints_.last());
  point.checkpoint = checkpoints_.load(log_, check_checkpoint);
  log_.warn(std::string("warning: ") + error.what() +
            ": going back to the last checkpoint, and on with mini-batch " +
            std::to_string(point.next_step));
  metrics_.write({{"phase", "rollback"},
                  {"stage", failed.stage},
                  {"step", failed.step},
                  {"next_step", point.next_step},
                  {"rollbacks", failed.rollbacks + 1}});
  return point;
}

}  // namespace sanas
