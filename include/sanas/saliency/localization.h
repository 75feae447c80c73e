// SPDX-License-Identifier: Apache-2.0
#pragma once

// How well a map finds an object whose mask is known.

#include <torch/types.h>

namespace sanas {

/// How well a map finds an object whose mask is known. All are in [0, 1], larger is better.
struct LocalizationScores {
  /// The pointing game (Zhang et al. 2016): whether the largest value lies in the mask; the share
  /// of the largest ones that do, where there are several.
  double pointing = 0.0;
  /// The share of the map's sum that lies in the mask (Wang et al. 2020). A map without any
  /// saliency counts as one with the same everywhere.
  double energy = 0.0;
  /// Intersection over union of the mask with {map ≥ t}, for the t that is best for this map.
  double best_iou = 0.0;
  /// The same for t = `threshold` of the way from the map's smallest to its largest value.
  double fixed_iou = 0.0;
  /// Area under precision over recall, Σ (R_n − R_{n−1}) P_n, of the pixels' saliencies as scores
  /// of being in the mask.
  double average_precision = 0.0;
};

/// @param map H×W, not negative. @param mask bool, H×W, neither all true nor all false.
/// @param threshold in [0, 1].
LocalizationScores localization_scores(const torch::Tensor& map, const torch::Tensor& mask,
                                       double threshold);

}  // namespace sanas
