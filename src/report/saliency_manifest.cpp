// SPDX-License-Identifier: Apache-2.0
#include "report/saliency_manifest.h"

#include "files/folders.h"
#include "formats/json_text.h"
#include "report/run_files.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

/// Adds what is wrong with a place that a manifest names.
bool is_allowed(const std::string& place, std::vector<std::string>& problems) {
  if (!is_inner_path(place)) {
    problems.push_back("'" + place + "' is no place inside of its folder");
  }
  return is_inner_path(place);
}

}  // namespace

std::vector<SaliencyManifest::Column> saliency_columns(const json& saliency,
                                                       std::vector<std::string>& problems) {
  std::vector<SaliencyManifest::Column> columns;
  const auto found = saliency.find("columns");
  for (const auto& column : found == saliency.end() ? json::array() : *found) {
    const auto name = column.find("name");
    const auto folder = column.find("folder");
    if (name == column.end() || !name->is_string() || folder == column.end() ||
        !folder->is_string()) {
      problems.push_back("a column without name and folder");
    } else if (is_allowed(folder->get<std::string>(), problems)) {
      columns.push_back({name->get<std::string>(), folder->get<std::string>()});
    }
  }
  return columns;
}

SaliencyManifest read_saliency_manifest(const fs::path& folder) {
  const fs::path file = folder / run_files::kSaliency;
  const auto fail = [&](const std::string& what) {
    throw FileError(file.string() + ": " + what + "; expected what sanas_saliency writes");
  };
  const json saliency = parse_json(read_text_file(file, size_t{1} << 30U));
  if (!saliency.is_object() || text_in(saliency, "format") != kSaliencyFormat) {
    fail("not of the format " + std::string(kSaliencyFormat));
  }
  std::vector<std::string> problems;
  SaliencyManifest manifest{saliency_columns(saliency, problems), {}};
  const auto images = saliency.find("images");
  for (const auto& image : images == saliency.end() ? json::array() : *images) {
    if (!image.is_string()) {
      problems.emplace_back("an image without a name");
    } else if (is_allowed(image.get<std::string>(), problems)) {
      manifest.images.push_back(image.get<std::string>());
    }
  }
  if (!problems.empty()) {
    fail(problems.front());
  }
  return manifest;
}

}  // namespace sanas
