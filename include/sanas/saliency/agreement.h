// SPDX-License-Identifier: Apache-2.0
#pragma once

// How well raters agree: Krippendorff's alpha.

#include <vector>

namespace sanas {

/// Krippendorff's alpha for interval data: 1 − observed / expected disagreement, with squared
/// differences. 1: the raters agree, 0: as if they rated at random. NaN where no unit has two
/// ratings, or all ratings are equal.
/// @param units for each rated thing the ratings that it got, in any number and order. One rating
///        by itself counts for nothing.
double krippendorff_alpha(const std::vector<std::vector<double>>& units);

}  // namespace sanas
