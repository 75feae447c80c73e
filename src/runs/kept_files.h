// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "sanas/runs/run_options.h"

namespace sanas {

// What files of others gave to the beginning of a run it keeps, so that a resume needs none of
// them.

/// The configuration that a run goes on with: `evaluation.initial_weights` may be left out, and a
/// `dataset.search_list` that is gone is replaced by the copy in the run folder. Without
/// `options.resume` it is `config` itself, after check_writable. Throws ConfigError.
Config with_kept_files(Config config, const RunOptions& options);

/// Keeps a copy of the list of the search's images in a run's folder, or in that of several runs.
/// Throws DataError if there is another one.
void keep_search_list(const std::filesystem::path& folder, const Config& config);

}  // namespace sanas
