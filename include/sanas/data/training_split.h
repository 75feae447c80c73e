// SPDX-License-Identifier: Apache-2.0
#pragma once

// Splits the training images into those for the weights, those for the architecture, and those held
// out.

#include <cstdint>
#include <vector>

#include "sanas/data/data_options.h"

namespace sanas {

/// The training images by what they are for, as indices in stored order.
struct TrainingSplit {
  std::vector<int64_t> train;       ///< the weights of a search learn from these
  std::vector<int64_t> validation;  ///< its architecture from these
  std::vector<int64_t> holdout;     ///< nobody does: to compare settings on (supplement §A.5)
};

/// The two parts of a search in stored order, or class by class where the stored order is one of
/// classes or a part is smaller than the rest, or as `dataset.search_list` has them; from both,
/// `dataset.holdout` of each class. What is drawn depends on `dataset.split_seed` alone. Throws
/// like read_search_subset, and ConfigError where images can't be held out.
TrainingSplit split_training_set(const DataOptions& options, const Dataset& dataset);

}  // namespace sanas
