// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "runs/saliency/saliency_columns.h"

namespace sanas {

/// What a folder of sanas_saliency holds.
struct SaliencyContent {
  std::vector<SaliencyColumn> columns;
  /// Those that have a map in every column.
  std::vector<std::string> images;
  /// Names of images that can't be read, and why.
  std::vector<std::pair<std::string, std::string>> unreadable;
  /// Not all of it was made, since a signal came.
  bool interrupted = false;
};

/// saliency.json says that, and how it was made, as JSON: `options` and each column's `options`
/// with their resolved values, and in `changed` which of them are not what they would be without
/// the command line.
nlohmann::ordered_json describe_saliency(const SaliencyOptions& options,
                                         const SaliencyContent& content);

}  // namespace sanas
