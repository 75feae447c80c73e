// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/io/folder_lock.h"
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

/// Makes `options.out` and keeps other processes away from it. Throws FileError if it holds files
/// already and is not to be gone on with, holds something else or nothing to go on with, can't be
/// written, or is another process's.
FolderLock begin_parts(const RunOptions& options);

}  // namespace sanas
