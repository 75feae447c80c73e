// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/search_run.h"

#include <algorithm>
#include <array>

#include "sanas/core/device.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/io/safetensors.h"
#include "sanas/io/search_checkpoint.h"
#include "sanas/io/search_recorder.h"
#include "sanas/io/search_setup.h"

namespace sanas {

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
  if (config.supernet.family == "pdarts") {
    throw ConfigError(
        "supernet.family: pdarts: a search in stages is not available in this "
        "version; expected darts, pcdarts or prdarts");
  }
  const auto device = resolve_device(config.device);
  configure_device(device, config.threads, config.deterministic);
  SearchDataSource source(config, device);
  const DatasetInfo& info = source.dataset().info();
  const auto networks = make_search_networks(config, info, device);

  RunFolder folder(options.out, options.resume ? RunFolderMode::kResume : RunFolderMode::kCreate);
  log.add_file(folder.path("log.txt"));
  MetricsLog metrics(folder.path("metrics.jsonl"), options.resume);

  const std::filesystem::path last = folder.path("checkpoints/last.safetensors");
  const bool resumes = options.resume && std::filesystem::exists(last);
  NamedTensors checkpoint;
  int64_t architecture_step = 0;
  if (resumes) {
    checkpoint = read_safetensors(last);
    const auto saved = read_checkpoint_info(checkpoint, last.string());
    check_resumable(config, saved.config, last.string());
    metrics.truncate_to(static_cast<uint64_t>(saved.metrics_position));
    architecture_step = architecture_updates(config.search, source.steps_per_epoch(), saved.step);
  } else {
    folder.write_text("config.yaml", to_yaml(config));
    metrics.truncate_to(0);
  }

  SearchLoop loop(networks, source.open(architecture_step), config.search, device);
  if (resumes) {
    load_search_checkpoint(checkpoint, last.string(), loop);
    log.info("Resuming after mini-batch " + std::to_string(loop.step()));
  }
  const int64_t whole = config.search.epochs * loop.steps_per_epoch();
  const int64_t limit = config.search.max_steps;
  ProgressDisplay progress("search", limit > 0 ? std::min(limit, whole) : whole, loop.step(),
                           {.quiet = options.quiet, .terminal = {}, .clock = {}});
  SearchRecorder recorder(loop, config, info, folder, metrics, progress, log);
  loop.add_observer(recorder);
  loop.run();
  progress.finish();
  recorder.save_checkpoint();
  for (const auto& line : recorder.cost_report()) {
    log.info(line);
  }
  return {loop.finished() ? RunOutcome::kFinished : RunOutcome::kStopped, networks.net1->derive(),
          recorder.architecture_passes()};
}

}  // namespace sanas
