// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/search_run.h"

#include <algorithm>
#include <array>
#include <optional>

#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/genotype/progressive_derivation.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/run_watch.h"
#include "sanas/io/safetensors.h"
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

/// Runs one stage to its end or until it is stopped, and writes down what it does.
/// @return forward-backward passes of the last architecture step.
int64_t run_stage(SearchLoop& loop, const SearchStage& stage, const Config& config,
                  const DatasetInfo& info, RunFolder& folder, MetricsLog& metrics, RunWatch& watch,
                  const RunOptions& options, Log& log) {
  const int64_t whole = config.search.epochs * loop.steps_per_epoch();
  const int64_t limit = config.search.max_steps;
  ProgressDisplay progress("search" + of_stage(config, stage),
                           limit > 0 ? std::min(limit, whole) : whole, loop.step(),
                           {.quiet = options.quiet, .terminal = {}, .clock = {}});
  SearchWatcher watcher(loop, stage, config, metrics, watch);
  SearchRecorder recorder(loop, stage, config, info, folder, metrics, progress, log);
  loop.add_observer(watcher);
  loop.add_observer(recorder);
  loop.add_observer(watch.report);
  try {
    loop.run();
  } catch (const NonFiniteError& error) {
    const auto last = folder.path("checkpoints/last.safetensors");
    throw NonFiniteError(std::string(error.what()) +
                         (std::filesystem::exists(last)
                              ? "; the last good checkpoint is " + last.string()
                              : "; there is no checkpoint yet"));
  }
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

}  // namespace

void write_configuration(const RunFolder& folder, const Config& config, const RunOptions& options) {
  folder.write_text("config.yaml", to_yaml(config));
  if (options.base) {
    folder.write_text("config.base.yaml", to_yaml(*options.base));
  }
}

void check_resumable(const Config& now, const Config& before, const std::string& source) {
  // What neither the numbers nor the files of a run depend on.
  constexpr std::array<const char*, 6> kFree{"name",
                                             "device",
                                             "dataset.root",
                                             "dataset.workers",
                                             "search.max_steps",
                                             "evaluation.max_steps"};
  std::vector<std::string> changed;
  for (const auto& key : changed_keys(now, before)) {
    if (std::find(kFree.begin(), kFree.end(), key) == kFree.end()) {
      changed.push_back(key);
    }
  }
  if (!changed.empty()) {
    throw ConfigError(source +
                      ": the run was begun with another configuration; changed: " + join(changed));
  }
}

SearchSummary run_search(const Config& config, const RunOptions& options, Log& log) {
  const auto device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  SearchDataSource source(config, device);
  const DatasetInfo& info = source.dataset().info();
  SearchStage stage = first_stage(config);
  auto networks = make_search_networks(config, info, stage, device);

  RunFolder folder(options.out, options.resume ? RunFolderMode::kResume : RunFolderMode::kCreate);
  log.add_file(folder.path("log.txt"));
  MetricsLog metrics(folder.path("metrics.jsonl"), options.resume);

  const std::filesystem::path last = folder.path("checkpoints/last.safetensors");
  std::optional<NamedTensors> checkpoint;
  int64_t architecture_step = 0;
  int64_t first_step = 0;
  if (options.resume && std::filesystem::exists(last)) {
    checkpoint = read_safetensors(last);
    const auto saved = read_checkpoint_info(*checkpoint, last.string());
    check_resumable(config, saved.config, last.string());
    metrics.truncate_to(static_cast<uint64_t>(saved.metrics_position));
    architecture_step = architecture_updates(config.search, source.steps_per_epoch(), saved.step);
    stage = read_stage(config, *checkpoint, last.string());
    networks = make_search_networks(config, info, stage, device);
    first_step = steps_before(config, stage, source.steps_per_epoch()) + saved.step;
  } else {
    write_configuration(folder, config, options);
    metrics.truncate_to(0);
  }
  RunWatch watch(folder, "sanas_search", config, source.dataset(), device, first_step, log);

  while (true) {
    SearchLoop loop(networks, source.open(stage.index, architecture_step), config.search, device);
    if (checkpoint) {
      load_search_checkpoint(*checkpoint, last.string(), loop);
      checkpoint.reset();
      log.info("Resuming after mini-batch " + std::to_string(loop.step()) +
               of_stage(config, stage));
    }
    const int64_t passes =
        run_stage(loop, stage, config, info, folder, metrics, watch, options, log);
    if (!loop.finished()) {
      return {RunOutcome::kStopped, loop.genotype(), passes};
    }
    if (stage.index + 1 == stage_count(config)) {
      report_skip_limits(config, stage, *networks.net1, metrics, log);
      return {RunOutcome::kFinished, loop.genotype(), passes};
    }
    stage = next_stage(config, stage, *networks.net1);
    networks = make_search_networks(config, info, stage, device);
    architecture_step = 0;
  }
}

}  // namespace sanas
