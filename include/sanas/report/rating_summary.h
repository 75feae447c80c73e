// SPDX-License-Identifier: Apache-2.0
#pragma once

// What people who rated maps said: means with intervals, and how far they agree.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sanas/saliency/bootstrap.h"

namespace sanas {

/// What raters said about the maps of one column, from 1 (nothing is sensible) to 5.
struct RatingSummary {
  std::string column;
  /// Over the images' mean ratings.
  MeanInterval rating;
  int64_t ratings = 0;
  /// Krippendorff's alpha for interval data; NaN for a single rater.
  double alpha = 0.0;
};

/// One summary per column, in the order of the names. Throws FileError for a file that is no
/// rating, is of another sheet than the first one (or than the page `sheet`, unless empty), or is a
/// second one by the same rater.
std::vector<RatingSummary> aggregate_ratings(const std::vector<std::filesystem::path>& files,
                                             const std::filesystem::path& sheet,
                                             const BootstrapOptions& bootstrap);

/// The summaries as a table for a person.
std::string ratings_text(const std::vector<RatingSummary>& summaries);

/// The same as JSON.
std::string ratings_json(const std::vector<RatingSummary>& summaries);

}  // namespace sanas
