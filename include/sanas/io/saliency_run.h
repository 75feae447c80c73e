// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sanas/core/log.h"
#include "sanas/io/search_run.h"
#include "sanas/saliency/saliency_map.h"

namespace sanas {

struct SaliencyOptions {
  std::filesystem::path checkpoint;
  /// A file, a folder of images, or a data set by name with an optional ":train" or ":test".
  std::string images;
  /// At most that many images, in order; 0: all.
  int64_t count = 0;
  std::filesystem::path output;
  /// Folder of a data set's files; empty: as in the checkpoint's configuration.
  std::filesystem::path data;
  std::string device = "auto";
  int threads = 0;
  uint64_t seed = 0;
  /// Overrides of the checkpoint's attack settings.
  std::optional<int64_t> steps;
  std::optional<AttackLoss> loss;
  ColorReduction reduction = ColorReduction::kMax;
  std::string color_map = "jet";
  /// Share of the heat map in the overlay, in [0, 1].
  double strength = 0.5;
  /// Percentiles of a map that are shown as coldest and warmest.
  double low_percentile = 1.0;
  double high_percentile = 99.0;
  bool quiet = false;
};

/// Saliency maps of images under the network of a checkpoint (of a training or of a search): per
/// image the heat map and its overlay on the image at the image's own size as PNG, all raw maps as
/// maps.safetensors, predictions as predictions.jsonl, and contact_sheet.png.
/// Throws ConfigError, DataError or FileError.
void run_saliency(const SaliencyOptions& options, Log& log);

}  // namespace sanas
