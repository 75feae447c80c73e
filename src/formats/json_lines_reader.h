// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sanas {

/// The objects of a file of one JSON object per line, such as JsonLinesFile writes. Lines that are
/// none are left out and told in `problems`; a missing file has none.
std::vector<nlohmann::ordered_json> read_json_lines(const std::filesystem::path& path,
                                                    std::vector<std::string>& problems);

}  // namespace sanas
