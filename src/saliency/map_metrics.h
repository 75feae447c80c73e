// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sanas/core/phase.h"
#include "sanas/saliency/map_meter.h"

namespace sanas {

/// How the network's probability of the target changes as pixels go or come, of each image of a
/// batch: n×(steps + 1).
struct MeasuredCurves {
  torch::Tensor deletion;
  torch::Tensor insertion;

  /// The areas under them: deletion_area and insertion_area.
  std::vector<MetricValues> areas() const;
};

/// Tells `observer` of a phase "curves".
MeasuredCurves measure_curves(const ExplainedNetwork& network, const MapBatch& batch, int64_t steps,
                              PhaseObserver& observer);

/// How well the maps find the object of each image's mask, of the part of the picture that the
/// network sees: pointing_game, energy_in_mask, best_iou, fixed_iou, average_precision (NaN where
/// that part is all object, or none), and mask_share.
/// @param masks of the batch's images, as read_mask gives them. @param threshold of fixed_iou.
std::vector<MetricValues> measure_localization(const MapBatch& batch,
                                               const std::vector<torch::Tensor>& masks,
                                               double threshold);

/// How far maps depend on chance: seed_agreement, the rank correlation with maps from other random
/// numbers, and noise_sensitivity, the largest relative change of a map under noise on its image.
/// Tells `observer` of a phase "stability".
std::vector<MetricValues> measure_stability(const MeasuredColumn& column, const MapBatch& batch,
                                            const SaliencyMetricsOptions& options,
                                            PhaseObserver& observer);

/// Similarity to the maps of another network: NAME_rank_correlation and NAME_ssim of the images of
/// all batches. Tells `observer` of a phase "comparison".
std::vector<MetricValues> compare_maps(const MeasuredColumn& column,
                                       const std::vector<MapBatch>& batches,
                                       const std::string& name, const ExplainedNetwork& other,
                                       PhaseObserver& observer);

/// How maps change as the layers of the column's network get fresh weights, from the output on and
/// each for good. Tells `observer` of a phase "randomized layers".
std::vector<LayerSimilarity> randomize_layers(const MeasuredColumn& column,
                                              const std::vector<MapBatch>& batches,
                                              PhaseObserver& observer);

}  // namespace sanas
