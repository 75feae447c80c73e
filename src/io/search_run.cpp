// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/search_run.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "computing_line.h"
#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/genotype/progressive_derivation.h"
#include "sanas/io/checkpoint_store.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/inference_batches.h"
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
  check_steps_done(saved.step, stage_steps(config, steps_per_epoch), "search.max_steps", source);
  if (stage.index > 0 && saved.config.search.max_steps != config.search.max_steps) {
    throw ConfigError(source +
                      ": search.max_steps can't change any more, it is the same for all"
                      " stages; expected " +
                      std::to_string(saved.config.search.max_steps));
  }
}

/// What became of a stage.
struct StageOutcome {
  bool ended = false;     // false: an observer stopped it
  bool is_finite = true;  // what the network computed for the validation images
  /// Forward-backward passes of the last architecture step.
  int64_t passes = 0;
};

/// What the search network is worth at the end.
class LastValidation : public SearchObserver {
 public:
  void on_epoch(const EpochReport& report) override {
    if (report.validation && report.validation->count() > 0) {
      is_finite_ = std::isfinite(report.validation->loss());
    }
  }
  bool is_finite() const { return is_finite_; }

 private:
  bool is_finite_ = true;
};

/// Runs one stage to its end or until it is stopped, and writes down what it does.
StageOutcome run_stage(SearchLoop& loop, const SearchStage& stage, const Config& config,
                       const DatasetInfo& info, RunFolder& folder, CheckpointStore& checkpoints,
                       MetricsLog& metrics, RunWatch& watch, const RunOptions& options, Log& log) {
  ProgressDisplay progress("search" + of_stage(config, stage),
                           stage_steps(config, loop.steps_per_epoch()), loop.step(),
                           progress_options(options.quiet, log));
  progress.update(loop.step());  // the first mini-batch may take long
  SearchWatcher watcher(loop, stage, config, metrics, watch);
  SearchRecorder recorder(loop, stage, config, info, folder, checkpoints, metrics, progress, log);
  LastValidation validation;
  loop.add_observer(watcher);
  loop.add_observer(recorder);
  loop.add_observer(watch.report);
  loop.add_observer(validation);
  const bool ended = loop.run();
  progress.finish();
  if (ended && loop.early_stopping().stopped_at() && config.search.eigenvalue.stop) {
    const auto& back = *loop.early_stopping().stopped_at();
    log.info("Stopped early: the eigenvalue grew too much; back to the genotype of epoch " +
             std::to_string(back.epoch + 1) + ": " + back.genotype);
    save_genotype(folder, loop.genotype());
  }
  recorder.save_checkpoint();
  for (const auto& line : recorder.cost_report()) {
    log.info(line);
  }
  return {ended, validation.is_finite(), recorder.architecture_passes()};
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
  auto checkpoint = checkpoints.load(log, check_checkpoint);
  if (checkpoint &&
      read_stage(config, checkpoint->tensors, checkpoint->source).index != stage.index) {
    checkpoint.reset();
    checkpoints.forget_best();  // it was read with the checkpoint
  }
  return checkpoint;
}

SearchSummary run_stages(const Config& given, const RunOptions& options, Log& log) {
  const Config config = with_kept_files(given, options);
  PhaseDisplay phases(progress_options(options.quiet, log));
  const auto device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  SearchDataSource source(config, device, log, phases);
  const DatasetInfo& info = source.dataset().info();
  SearchStage stage = first_stage(config);
  auto networks = make_search_networks(config, info, stage, device);

  RunFolder folder(options.out, options.resume ? RunFolderMode::kResume : RunFolderMode::kCreate);
  begin_run_folder(folder, "sanas_search", config, options, log);
  log.info(computing_line(device, config.search.precision, "updates of weights"));
  source.report(log);
  MetricsLog metrics(folder.path("metrics.jsonl"), options.resume);
  CheckpointStore checkpoints(folder.checkpoints(), config.checkpoint.keep);
  auto checkpoint = options.resume ? checkpoints.load(log, check_checkpoint) : std::nullopt;
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

  Rollback rollback(config.search.on_nonfinite);
  while (true) {
    const int64_t updates = architecture_updates(config.search, steps_per_epoch, step);
    SearchOptions search = config.search;
    search.stage = stage.index;
    const SearchData data = source.open(stage.index, updates);
    data.validation->set_batch_size(validation_batch_size(config, *networks.net1, info));
    SearchLoop loop(networks, data, search, device);
    if (checkpoint) {
      load_search_checkpoint(checkpoint->tensors, checkpoint->source, loop);
      checkpoint.reset();
    }
    loop.skip_to(step, std::max(rollbacks, loop.rollbacks()));
    StageOutcome outcome;
    try {
      outcome =
          run_stage(loop, stage, config, info, folder, checkpoints, metrics, watch, options, log);
    } catch (const NonFiniteError& error) {
      step = rollback.next_step(error, loop.step(), checkpoints.last_name(), checkpoints.last());
      rollbacks = loop.rollbacks() + 1;
      checkpoint = last_of_stage(config, stage, checkpoints, log);
      report_rollback(error, stage.index, loop.step(), step, rollbacks, metrics, log);
      networks = make_search_networks(config, info, stage, device);
      continue;
    }
    if (outcome.ended && !outcome.is_finite) {
      throw NonFiniteError(
          "the search network's outputs for the validation images are not finite, so that its "
          "genotype means nothing; start anew with a lower search.weights.learning_rate");
    }
    if (!outcome.ended) {
      return {RunOutcome::kStopped, loop.genotype(), outcome.passes};
    }
    if (stage.index + 1 == stage_count(config)) {
      report_skip_limits(config, stage, *networks.net1, metrics, log);
      return {RunOutcome::kFinished, loop.genotype(), outcome.passes};
    }
    stage = next_stage(config, stage, *networks.net1);
    checkpoints.forget_best();
    networks = make_search_networks(config, info, stage, device);
    step = 0;
  }
}

}  // namespace

SearchSummary run_search(const Config& config, const RunOptions& options, Log& log) {
  try {
    return run_stages(config, options, log);
  } catch (const Interrupted&) {
    return {.outcome = RunOutcome::kStopped};  // while the data set was read: nothing is begun
  }
}

}  // namespace sanas
