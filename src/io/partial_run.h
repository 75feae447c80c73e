// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/io/search_run.h"

namespace sanas {

// For what consists of several runs, each in a folder below `options.out`.

/// The options of one of them: with `options.resume` it is gone on with if it was begun.
RunOptions partial_run(const RunOptions& options, const std::filesystem::path& folder);

/// Throws FileError if `options.out` holds files already and is not to be gone on with.
void check_new_or_resumed(const RunOptions& options);

}  // namespace sanas
