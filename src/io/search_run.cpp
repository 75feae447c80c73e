// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/search_run.h"

#include <algorithm>
#include <array>
#include <optional>

#include "report_run.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/genotype/progressive_derivation.h"
#include "sanas/io/checkpoint_store.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/rollback.h"
#include "sanas/io/run_watch.h"
#include "sanas/io/search_checkpoint.h"
#include "sanas/io/search_recorder.h"
#include "sanas/io/search_setup.h"

namespace sanas {
namespace {

/// " of stage 2 of 3" where there are several.
std::string of_stage(const Config& config, const SearchStage& stage) {
  const int64_t count = stage_count(config);
  return count == 1
             ? ""
             : " of stage " + std::to_string(stage.index + 1) + " of " + std::to_string(count);
}

/// Mini-batches of a stage.
int64_t stage_steps(const Config& config, int64_t steps_per_epoch) {
  const int64_t whole = config.search.epochs * steps_per_epoch;
  return config.search.max_steps > 0 ? std::min(config.search.max_steps, whole) : whole;
}

/// Throws ConfigError if another `search.max_steps` contradicts what is done.
void check_steps(const Config& config, const CheckpointInfo& saved, const SearchStage& stage,
                 int64_t steps_per_epoch, const std::string& source) {
  const int64_t steps = stage_steps(config, steps_per_epoch);
  if (saved.step > steps) {
    throw ConfigError(source + ": " + std::to_string(saved.step) +
                      " mini-batches are done, search.max_steps allows " + std::to_string(steps));
  }
  if (stage.index > 0 && saved.config.search.max_steps != config.search.max_steps) {
    throw ConfigError(source +
                      ": search.max_steps can't change any more, it is the same for all"
                      " stages; expected " +
                      std::to_string(saved.config.search.max_steps));
  }
}

/// Runs one stage to its end or until it is stopped, and writes down what it does.
/// @return forward-backward passes of the last architecture step.
int64_t run_stage(SearchLoop& loop, const SearchStage& stage, const Config& config,
                  const DatasetInfo& info, RunFolder& folder, CheckpointStore& checkpoints,
                  MetricsLog& metrics, RunWatch& watch, const RunOptions& options, Log& log) {
  ProgressDisplay progress("search" + of_stage(config, stage),
                           stage_steps(config, loop.steps_per_epoch()), loop.step(),
                           {.quiet = options.quiet, .terminal = {}, .clock = {}});
  SearchWatcher watcher(loop, stage, config, metrics, watch);
  SearchRecorder recorder(loop, stage, config, info, folder, checkpoints, metrics, progress, log);
  loop.add_observer(watcher);
  loop.add_observer(recorder);
  loop.add_observer(watch.report);
  loop.run();
  progress.finish();
  if (loop.finished() && loop.early_stopping().stopped_at() && config.search.eigenvalue.stop) {
    const auto& back = *loop.early_stopping().stopped_at();
    log.info("Stopped early: the eigenvalue grew too much; back to the genotype of epoch " +
             std::to_string(back.epoch + 1) + ": " + back.genotype);
    save_genotype(folder, loop.genotype());
  }
  recorder.save_checkpoint();
  for (const auto& line : recorder.cost_report()) {
    log.info(line);
  }
  return recorder.architecture_passes();
}

/// P-DARTS: the genotypes under every limit on skip connections, of which the product is one.
void report_skip_limits(const Config& config, const SearchStage& stage, const Supernet& net,
                        MetricsLog& metrics, Log& log) {
  if (config.supernet.family != "pdarts") {
    return;
  }
  for (const auto& limited :
       derive_pdarts(stage.space, net.edge_weights(false), net.edge_weights(true))) {
    const std::string text = to_string(limited.genotype);
    log.info("at most " + std::to_string(limited.max_skips) + " skip connections" +
             (limited.reached ? "" : " (not reached: the weakest has weight 0)") + ": " + text);
    metrics.write({{"phase", std::string("skip_limit")},
                   {"max_skips", static_cast<int64_t>(limited.max_skips)},
                   {"reached", limited.reached},
                   {"genotype", text}});
  }
  metrics.sync();
}

/// The newest checkpoint if it is of this stage; else the stage goes back to its beginning.
std::optional<LoadedCheckpoint> last_of_stage(const Config& config, const SearchStage& stage,
                                              CheckpointStore& checkpoints, Log& log) {
  auto checkpoint = checkpoints.load(log);
  if (checkpoint &&
      read_stage(config, checkpoint->tensors, checkpoint->source).index != stage.index) {
    checkpoint.reset();
    checkpoints.forget_best();  // it was read with the checkpoint
  }
  return checkpoint;
}

/// More epochs, and nothing that was done so far depends on their number.
bool is_longer(const EvaluationOptions& now, const EvaluationOptions& before) {
  const bool is_open =
      now.schedule == Schedule::kConstant || now.schedule == Schedule::kExponential;
  return is_open && now.drop_path == 0.0 && now.epochs > before.epochs;
}

}  // namespace

void check_resumable(const Config& now, const Config& before, const std::string& source) {
  // What no number of a run depends on: places, what is logged and saved, and when it ends.
  constexpr std::array<const char*, 11> kFree{
      "name",
      "device",
      "dataset.root",
      "dataset.workers",
      "search.max_steps",
      "search.report_every",
      "evaluation.max_steps",
      "evaluation.report_every",
      "checkpoint.every_steps",
      "checkpoint.every_minutes",
      "checkpoint.keep",
  };
  std::vector<std::string> changed;
  for (const auto& key : changed_keys(now, before)) {
    const bool is_free =
        std::find(kFree.begin(), kFree.end(), key) != kFree.end() ||
        (key == "evaluation.epochs" && is_longer(now.evaluation, before.evaluation)) ||
        // Until it stops, a run of this policy is like that of any other.
        (key == "on_nonfinite" && before.search.on_nonfinite == NonFinitePolicy::kStop);
    if (!is_free) {
      changed.push_back(key);
    }
  }
  if (!changed.empty()) {
    throw ConfigError(source +
                      ": the run was begun with another configuration; changed: " + join(changed));
  }
}

void check_is_beginning(const RunFolder& folder) {
  std::vector<std::string> problems;
  const auto lines = read_json_lines(folder.path("metrics.jsonl"), problems);
  const auto epoch = std::find_if(lines.begin(), lines.end(), [](const auto& line) {
    return text_in(line, "phase").ends_with("_epoch");
  });
  if (epoch != lines.end() && std::next(epoch) != lines.end()) {
    throw FileError(folder.checkpoints().string() +
                    ": the checkpoints of this run are gone; put them back, or start anew in "
                    "another --out");
  }
}

void begin_run_folder(const RunFolder& folder, const Config& config, const RunOptions& options,
                      Log& log) {
  const auto file = folder.path("config.yaml");
  if (options.resume) {
    check_resumable(config, load_config(file.string()), file.string());
  }
  if (!options.resume) {
    folder.write_text("config.yaml", to_yaml(config));
  }
  const auto base = folder.path("config.base.yaml");  // a process may have been killed before it
  if (options.base && !std::filesystem::exists(base)) {
    folder.write_text(base.filename().string(), to_yaml(*options.base));
  }
  log.add_file(folder.path("log.txt"));
}

SearchSummary run_search(const Config& config, const RunOptions& options, Log& log) {
  const auto device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  SearchDataSource source(config, device);
  const DatasetInfo& info = source.dataset().info();
  SearchStage stage = first_stage(config);
  auto networks = make_search_networks(config, info, stage, device);

  RunFolder folder(options.out, options.resume ? RunFolderMode::kResume : RunFolderMode::kCreate);
  begin_run_folder(folder, config, options, log);
  MetricsLog metrics(folder.path("metrics.jsonl"), options.resume);
  CheckpointStore checkpoints(folder.checkpoints(), config.checkpoint.keep);
  auto checkpoint = options.resume ? checkpoints.load(log) : std::nullopt;
  const int64_t steps_per_epoch = source.steps_per_epoch();
  int64_t step = 0;
  int64_t rollbacks = 0;
  uint64_t metrics_position = 0;
  if (checkpoint) {
    const auto saved = read_checkpoint_info(checkpoint->tensors, checkpoint->source);
    check_resumable(config, saved.config, checkpoint->source);
    check_same_images(saved, source.images(), checkpoint->source);
    stage = read_stage(config, checkpoint->tensors, checkpoint->source);
    networks = make_search_networks(config, info, stage, device);
    step = saved.step;
    check_steps(config, saved, stage, steps_per_epoch, checkpoint->source);
    metrics_position = saved.metrics_position;
    log.info("Resuming after mini-batch " + std::to_string(step) + of_stage(config, stage));
  } else if (options.resume) {
    check_is_beginning(folder);
  }
  metrics.truncate_to(metrics_position);
  if (options.resume) {
    folder.write_text("config.yaml", to_yaml(config));  // what may change has changed
  }
  RunWatch watch(folder, "sanas_search", config, source.dataset(), device,
                 steps_before(config, stage, steps_per_epoch) + step, log);

  Rollback rollback(config.search.on_nonfinite, steps_per_epoch,
                    stage_steps(config, steps_per_epoch));
  while (true) {
    const int64_t updates = architecture_updates(config.search, steps_per_epoch, step);
    SearchLoop loop(networks, source.open(stage.index, updates), config.search, device);
    if (checkpoint) {
      load_search_checkpoint(checkpoint->tensors, checkpoint->source, loop);
      checkpoint.reset();
    }
    loop.skip_to(step, std::max(rollbacks, loop.rollbacks()));
    int64_t passes = 0;
    try {
      passes =
          run_stage(loop, stage, config, info, folder, checkpoints, metrics, watch, options, log);
    } catch (const NonFiniteError& error) {
      step = rollback.next_step(error, loop.step(), checkpoints.last_name(), checkpoints.last());
      rollbacks = loop.rollbacks() + 1;
      checkpoint = last_of_stage(config, stage, checkpoints, log);
      report_rollback(error, stage.index, loop.step(), step, rollbacks, metrics, log);
      networks = make_search_networks(config, info, stage, device);
      continue;
    }
    if (!loop.finished()) {
      return {RunOutcome::kStopped, loop.genotype(), passes};
    }
    if (stage.index + 1 == stage_count(config)) {
      report_skip_limits(config, stage, *networks.net1, metrics, log);
      return {RunOutcome::kFinished, loop.genotype(), passes};
    }
    stage = next_stage(config, stage, *networks.net1);
    checkpoints.forget_best();
    networks = make_search_networks(config, info, stage, device);
    step = 0;
  }
}

}  // namespace sanas
