// SPDX-License-Identifier: Apache-2.0
#pragma once

// A page on which people rate heat maps.

#include <cstdint>
#include <filesystem>
#include <string>

namespace sanas {

struct RatingSheetOptions {
  /// Folder that `run_saliency` wrote.
  std::filesystem::path maps;
  /// At most that many images, each with a map of every column; 0: all.
  int64_t count = 20;
  uint64_t seed = 0;
};

/// One self-contained page for human raters (supplement §G): an image and a heat map side by side,
/// five choices, the columns' maps in random order and without their names. The ratings are saved
/// in the rater's browser and downloaded as JSON. Throws FileError where the folder holds no maps
/// or lacks one.
std::string rating_sheet_html(const RatingSheetOptions& options);

}  // namespace sanas
