// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sanas/core/log.h"
#include "sanas/io/checkpoint_store.h"
#include "sanas/io/config.h"
#include "sanas/io/run_folder.h"

namespace sanas {

struct RunOptions {
  std::filesystem::path out;
  /// Go on with the run in `out` instead of beginning one.
  bool resume = false;
  /// No progress display.
  bool quiet = false;
  /// The configuration as it was named, without the changes of the command line; config.base.yaml,
  /// so that a report can mark them.
  std::optional<Config> base = std::nullopt;
};

enum class RunOutcome {
  kFinished,
  /// A signal came; everything is saved.
  kStopped,
};

// How every run begins, or goes on with what is in its folder.

/// A file that a run, or each of several runs below `folder`, keeps under that name; of several the
/// first one. Empty if there is none.
std::filesystem::path kept_file(const std::filesystem::path& folder, const std::string& name);

/// The configuration that a run goes on with. What files of others gave to its beginning it has
/// kept, so that a resume needs none of them: `evaluation.initial_weights` may be left out, and a
/// `dataset.search_list` that is gone is replaced by the copy in the run folder. Without
/// `options.resume` it is `config` itself, after check_writable. Throws ConfigError.
Config with_kept_files(Config config, const RunOptions& options);

/// Keeps a copy of the list of the search's images in a run's folder, or in that of several runs.
/// Throws DataError if there is another one.
void keep_search_list(const std::filesystem::path& folder, const Config& config);

/// The first thing that a run does with its folder: it writes `config.yaml` (and `config.base.yaml`
/// where that is known, and a copy of the search's list), by which a later one sees that there is
/// something to resume; that one compares first. From then on `log` goes into `log.txt`, too.
/// Throws ConfigError like check_resumable, or if the folder is another program's; DataError if the
/// list of the search was changed; FileError.
/// @param program e.g. "sanas_search".
void begin_run_folder(const RunFolder& folder, const std::string& program, const Config& config,
                      const RunOptions& options, Log& log);

/// Throws FileError if the metrics of a run without checkpoints tell that there were some: they
/// hold more than the first epoch, at whose end there is one.
void check_is_beginning(const RunFolder& folder);

/// Throws ConfigError that names the keys in which a resumed run may not differ from its beginning.
void check_resumable(const Config& now, const Config& before, const std::string& source);

/// Throws ConfigError if more mini-batches are done than the configuration allows now.
/// @param key what limits them, e.g. "search.max_steps".
void check_steps_done(int64_t done, int64_t allowed, const std::string& key,
                      const std::string& source);

/// For CheckpointStore::load. Throws FileError if a run can't go on with it: its metadata can't be
/// read, or its weights are not finite.
void check_checkpoint(const LoadedCheckpoint& checkpoint);

}  // namespace sanas
