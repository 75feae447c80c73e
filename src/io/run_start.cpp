// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/run_start.h"

#include <algorithm>
#include <array>
#include <vector>

#include "report_run.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/checkpoint_info.h"
#include "sanas/io/module_state.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.yaml";
constexpr const char* kBaseConfig = "config.base.yaml";
constexpr const char* kSearchList = "search_list.txt";

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

/// More epochs, and nothing that was done so far depends on their number.
bool is_longer(const EvaluationOptions& now, const EvaluationOptions& before) {
  const Schedule schedule = now.weights.schedule.schedule;
  const bool is_open = schedule == Schedule::kConstant || schedule == Schedule::kExponential;
  return is_open && now.drop_path == 0.0 && now.epochs > before.epochs;
}

/// What the run was begun with.
Config recorded_config(const fs::path& folder) {
  Config config = load_config((folder / kConfig).string());
  if (fs::exists(folder / "candidates")) {  // the key is younger than such runs
    config.strategy = Strategy::kRandom;
  }
  return config;
}

/// The line of each start says which program it was of.
void check_program(const RunFolder& folder, const std::string& program) {
  std::vector<std::string> ignored;
  const auto starts = read_json_lines(folder.path("sessions.jsonl"), ignored);
  const std::string owner = starts.empty() ? "" : text_in(starts.front(), "program");
  if (!owner.empty() && owner != program) {
    throw ConfigError(folder.path().string() + ": holds a run of " + owner + "; " + program +
                      " can't go on with it, choose another --out");
  }
}

}  // namespace

fs::path kept_file(const fs::path& folder, const std::string& name) {
  constexpr int kDeepest = 2;  // OUT/gamma-1/search/config.yaml
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (it.depth() >= kDeepest) {
      it.disable_recursion_pending();
    }
    if (it->path().filename() == name) {
      found.push_back(it->path());
    }
  }
  const auto first = std::min_element(found.begin(), found.end(), [](const auto& a, const auto& b) {
    const auto depth = [](const fs::path& path) { return std::distance(path.begin(), path.end()); };
    return depth(a) != depth(b) ? depth(a) < depth(b) : a < b;
  });
  return first == found.end() ? fs::path() : *first;
}

void keep_search_list(const fs::path& folder, const Config& config) {
  const fs::path& list = config.dataset.search_list;
  if (list.empty() || !is_file(list)) {
    return;
  }
  const std::string text = read_text_file(list);
  const fs::path kept = folder / kSearchList;
  if (!is_file(kept)) {
    write_file_atomically(kept, text);
  } else if (read_text_file(kept) != text) {
    throw DataError(list.string() + ": is another list than the run was begun with, which is " +
                    kept.string());
  }
}

Config with_kept_files(Config config, const RunOptions& options) {
  check_writable(config);
  if (!options.resume) {
    return config;
  }
  const fs::path recorded = kept_file(options.out, kConfig);
  if (config.evaluation.initial_weights.empty() && !recorded.empty()) {
    config.evaluation.initial_weights = load_config(recorded.string()).evaluation.initial_weights;
  }
  const fs::path kept = options.out / kSearchList;
  fs::path& list = config.dataset.search_list;
  if (!list.empty() && !is_file(list) && is_file(kept)) {
    list = kept;
  }
  return config;
}

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

void check_steps_done(int64_t done, int64_t allowed, const std::string& key,
                      const std::string& source) {
  if (done > allowed) {
    throw ConfigError(source + ": " + std::to_string(done) + " mini-batches are done, " + key +
                      " allows " + std::to_string(allowed));
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

void begin_run_folder(const RunFolder& folder, const std::string& program, const Config& config,
                      const RunOptions& options, Log& log) {
  if (options.resume) {
    check_program(folder, program);
    check_resumable(config, recorded_config(folder.path()), folder.path(kConfig).string());
  } else {
    folder.write_text(kConfig, to_yaml(config));
  }
  const auto base = folder.path(kBaseConfig);  // a process may have been killed before it
  if (options.base && !fs::exists(base)) {
    folder.write_text(kBaseConfig, to_yaml(*options.base));
  }
  keep_search_list(folder.path(), config);
  log.add_file(folder.path("log.txt"));
}

void check_checkpoint(const LoadedCheckpoint& checkpoint) {
  read_checkpoint_info(checkpoint.tensors, checkpoint.source);
  // Means and measurements may be undefined; weights, statistics and optimizers may not.
  for (const char* prefix : {"w1.", "m1.", "w2.", "m2.", "alphas_", "betas_", "net.", "m.", "ema.",
                             "best.", "architecture_optimizer."}) {
    check_finite(checkpoint.tensors, checkpoint.source, prefix);
  }
}

}  // namespace sanas
