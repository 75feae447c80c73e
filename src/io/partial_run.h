// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/io/search_run.h"

namespace sanas {

// For what consists of several runs, each in a folder below `options.out`.

/// The options of one of them: with `options.resume` it is gone on with if it was begun.
RunOptions partial_run(const RunOptions& options, const std::filesystem::path& folder);

/// Whether the training in `folder` is over and was asked for in the same way. One that is over and
/// was asked for otherwise has to be gone on with, which says what may not have changed.
bool is_done(const std::filesystem::path& folder, const Config& config, const Genotype& genotype);

/// Writes report.html of the runs below `folder` side by side, unless they are too many for a page.
void report_parts(const std::filesystem::path& folder, size_t runs, Log& log);

/// Throws FileError if `options.out` holds files already and is not to be gone on with.
void check_new_or_resumed(const RunOptions& options);

}  // namespace sanas
