// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sanas/saliency/map_meter.h"

namespace sanas {

/// Metrics of all columns side by side, for a person: means with their intervals.
std::string scores_text(const std::vector<ColumnScores>& columns, const BootstrapOptions& options);

/// column,metric,mean,low,high,count: one line for each; the randomised layers are the metrics
/// "randomized/LAYER/rank_correlation" and "…/ssim".
std::string scores_csv(const std::vector<ColumnScores>& columns, const BootstrapOptions& options);

/// The same, and the curves, as one JSON object (docs/saliency.md).
std::string scores_json(const std::vector<ColumnScores>& columns, const BootstrapOptions& options);

/// One JSON object per line for each column and image: "column", "image", and its metrics in full
/// precision; what is not defined is left out.
std::string image_scores_jsonl(const std::vector<ColumnScores>& columns);

/// Deletion and insertion curves and the similarity to maps of randomised networks, as SVG.
std::string scores_svg(const std::vector<ColumnScores>& columns);

}  // namespace sanas
