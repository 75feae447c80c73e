// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "sanas/core/log.h"
#include "sanas/genotype/genotype.h"
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

struct SearchSummary {
  RunOutcome outcome = RunOutcome::kFinished;
  Genotype genotype;
  /// Forward-backward passes of the last architecture step.
  int64_t architecture_passes = 0;
};

/// A whole search: data, networks, loop and everything that it writes into the run folder.
/// Throws ConfigError, DataError, FileError or NonFiniteError.
SearchSummary run_search(const Config& config, const RunOptions& options, Log& log);

/// The first thing that a run does with its folder: it writes `config.yaml` (and `config.base.yaml`
/// where that is known), by which a later one sees that there is something to resume; that one
/// compares first. From then on `log` goes into `log.txt`, too. Throws ConfigError like
/// check_resumable, or FileError.
void begin_run_folder(const RunFolder& folder, const Config& config, const RunOptions& options,
                      Log& log);

/// Throws FileError if the metrics of a run without checkpoints tell that there were some: they
/// hold more than the first epoch, at whose end there is one.
void check_is_beginning(const RunFolder& folder);

/// Throws ConfigError that names the keys in which a resumed run may not differ from its beginning.
void check_resumable(const Config& now, const Config& before, const std::string& source);

}  // namespace sanas
