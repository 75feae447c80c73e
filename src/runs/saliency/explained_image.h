// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "formats/json_lines.h"
#include "runs/saliency/saliency_columns.h"
#include "saliency/image_batches.h"

namespace sanas {

/// What a network says about an image, and the map of it.
struct ExplainedImage {
  std::string name;
  /// Empty for an image of a data set.
  std::filesystem::path file;
  ImageGeometry geometry;
  /// The true class, where it is known.
  std::optional<std::string> label;
  std::string predicted;
  bool is_right = false;
  /// Of the predicted class.
  double probability = 0.0;
  /// The class whose logit is explained.
  std::string target;
  /// As the method makes it, 3×H×W or 1×H×W, on the CPU.
  torch::Tensor values;
  /// Reduced, double, H×W.
  torch::Tensor map;
  /// Of integrated gradients only.
  std::optional<double> completeness_error;

  /// Beside the image in a sheet.
  std::string caption() const;
  /// Its line in predictions.jsonl.
  JsonRecord record() const;
};

struct ExplainedBatch {
  MapBatch maps;
  std::vector<ExplainedImage> images;
};

/// Makes the maps of a batch of `source` as the column does.
/// @param first images that came before. Throws ConfigError for labels that don't fit the column.
ExplainedBatch explain_batch(const SaliencyColumn& column, const ImageBatch& batch,
                             const ImageSource& source, int64_t first);

}  // namespace sanas
