// SPDX-License-Identifier: Apache-2.0
#include "report/saliency_manifest.h"

#include "files/folders.h"
#include "formats/json_text.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

SaliencyManifest read_saliency_manifest(const fs::path& folder) {
  const fs::path file = folder / "saliency.json";
  const auto fail = [&](const std::string& what) {
    throw FileError(file.string() + ": " + what + "; expected what sanas_saliency writes");
  };
  const auto inner = [&](const std::string& name) {
    if (!is_inner_path(name)) {
      fail("'" + name + "' is no place inside of its folder");
    }
    return name;
  };
  SaliencyManifest manifest;
  try {
    const json object = parse_json(read_text_file(file, size_t{1} << 30U));
    if (!object.is_object() || object.at("format") != kSaliencyFormat) {
      fail("not of the format " + std::string(kSaliencyFormat));
    }
    for (const auto& column : object.at("columns")) {
      manifest.columns.push_back(
          {column.at("name").get<std::string>(), inner(column.at("folder").get<std::string>())});
    }
    for (const auto& image : object.at("images")) {
      manifest.images.push_back(inner(image.get<std::string>()));
    }
  } catch (const json::exception& error) {
    fail(error.what());
  }
  return manifest;
}

}  // namespace sanas
