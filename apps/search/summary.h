// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sanas/config/config.h"
#include "sanas/runs/search_run.h"

namespace sanas {

/// What a finished search has found, where it lies, and the command lines that train it and then
/// draw maps of it: six lines. The commands work from any folder.
/// @param folder of the run. @param program as it was called (argv[0]).
std::vector<std::string> summary_lines(const SearchSummary& summary, const Config& config,
                                       const std::filesystem::path& folder,
                                       const std::string& program);

}  // namespace sanas
