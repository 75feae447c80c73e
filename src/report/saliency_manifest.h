// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sanas {

/// What saliency.json calls its format.
constexpr const char* kSaliencyFormat = "sanas-saliency-1";

/// What a reader of saliency.json needs to find the maps.
struct SaliencyManifest {
  struct Column {
    std::string name;
    std::filesystem::path folder;  // relative
  };
  std::vector<Column> columns;
  std::vector<std::string> images;
};

/// The columns of `saliency`, the content of a saliency.json, as far as they can be read: one whose
/// name or place can't is left out and told in `problems`.
std::vector<SaliencyManifest::Column> saliency_columns(const nlohmann::ordered_json& saliency,
                                                       std::vector<std::string>& problems);

/// Reads `folder`/saliency.json. Throws FileError for anything that sanas_saliency doesn't write,
/// and for a place outside of the folder.
SaliencyManifest read_saliency_manifest(const std::filesystem::path& folder);

}  // namespace sanas
