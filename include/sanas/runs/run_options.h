// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a run writes, and whether it goes on with an earlier one.

#include <ctime>
#include <filesystem>
#include <optional>
#include <string>

#include "sanas/config/config.h"

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

/// `runs/<name>-<yyyymmdd-hhmmss>` in local time; characters of `name` that a shell gives a
/// meaning, and spaces, become '-', and none of '.' and '-' stays in front.
std::filesystem::path default_run_folder(const std::string& name, std::time_t now);

/// Makes that folder, or where others were faster the first free one of those with "-2", "-3", …
/// behind it. Throws FileError.
std::filesystem::path make_run_folder(const std::string& name, std::time_t now);

/// The configuration that a run has written into `folder`, or a run of several below it; of several
/// the first one. Empty if there is none.
std::filesystem::path kept_config(const std::filesystem::path& folder);

/// In the same way the genotype that was found or is trained.
std::filesystem::path kept_genotype(const std::filesystem::path& folder);

}  // namespace sanas
