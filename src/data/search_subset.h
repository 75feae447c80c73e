// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "sanas/data/dataset.h"

namespace sanas {

/// Which part of a large data set a search works on.
struct SearchSubsetOptions {
  double train_portion = 0.1;         ///< of each class, for the network weights
  double validation_portion = 0.025;  ///< of each class, for the architecture
  uint64_t seed = 0;
};

/// Two disjoint lists of indices, each sorted.
struct SearchSubset {
  std::vector<int64_t> train;
  std::vector<int64_t> validation;
};

/// Draws from each class at random, without replacement, round(portion · images of the class)
/// images for either list, at least one (PC-DARTS on ImageNet, darts-family §8.4). Throws
/// ConfigError for portions outside of (0, 1) or with a sum above one, DataError where a class is
/// too small for both.
SearchSubset draw_search_subset(const Dataset& dataset, const SearchSubsetOptions& options);

/// The lists as text: a header that identifies the data set, then one sample name a line.
std::string search_subset_text(const Dataset& dataset, const SearchSubset& subset);

/// Reads a file with what search_subset_text wrote. Throws FileError where the file cannot be read
/// or is malformed, DataError where the data set is not the one it was written for (names, order
/// and labels of all samples are compared through a checksum).
SearchSubset read_search_subset(const std::filesystem::path& file, const Dataset& dataset);

}  // namespace sanas
