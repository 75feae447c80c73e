// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes saliency maps of images with the networks of checkpoints, and writes their run folder.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sanas/core/log.h"
#include "sanas/data/loader.h"
#include "sanas/saliency/map_meter.h"
#include "sanas/saliency/saliency_method.h"

namespace sanas {

/// The class whose logit is explained.
enum class SaliencyTarget { kPredicted, kTrue };

/// The image that integrated gradients begin at: black, or the data set's mean colour.
enum class PathBaseline { kBlack, kMean };

/// Which attack the maps of method pgd are of, and what is done to them.
enum class SaliencyPreset {
  /// What was measured to find objects best (docs/saliency.md).
  kAlive,
  /// |δ| of seven signed steps in the l∞ ball of 8/255, as published (supplement §L).
  kPaper,
  /// |δ| of the attack that the checkpoint's configuration has.
  kCheckpoint,
};

std::string to_string(SaliencyPreset preset);

/// Changes of a preset.
struct AttackOverrides {
  std::optional<int64_t> steps;
  std::optional<AttackLoss> loss;
  std::optional<AttackNorm> norm;
  std::optional<double> epsilon;
  std::optional<double> step_size;
  /// SaliencyMethodOptions.
  std::optional<int64_t> starts;
  std::optional<double> smoothing;
};

/// How maps are shown.
struct SaliencyDisplay {
  ColorReduction reduction = ColorReduction::kMax;
  /// Perceptually even; the paper has "jet".
  std::string color_map = "inferno";
  /// Share of the heat map in the overlay, in [0, 1], where saliency is highest; it falls with it.
  double strength = 0.8;
  /// Percentiles of a map that are shown as coldest and warmest.
  double low_percentile = 1.0;
  double high_percentile = 99.0;
};

struct SaliencyOptions {
  /// Files, each with an optional "NAME=" in front for its column.
  std::vector<std::string> checkpoints;
  std::vector<SaliencyMethod> methods{SaliencyMethod::kPgd};
  /// A file, a folder of images, or a data set by name with an optional ":train" or ":test".
  std::string images;
  /// At most that many images, drawn over the classes or subfolders (open_images); 0: all.
  int64_t count = 0;
  /// What becomes of images that can't be read.
  BadSample on_bad_image = BadSample::kSkip;
  std::filesystem::path output;
  /// Folder of a data set's files; empty: as in the checkpoint's configuration.
  std::filesystem::path data;
  std::string device = "auto";
  int threads = 0;
  uint64_t seed = 0;
  torch::ScalarType type = torch::kFloat32;
  /// Bytes that a batch may take, about; it has 8 images at least and changes no result.
  int64_t memory_limit = int64_t{2} << 30;
  SaliencyTarget target = SaliencyTarget::kPredicted;
  SaliencyPreset preset = SaliencyPreset::kAlive;
  AttackOverrides attack;
  SmoothGradOptions smoothgrad;
  int64_t path_steps = 32;
  PathBaseline path_baseline = PathBaseline::kBlack;
  SaliencyDisplay display;
  /// Whether PNG files are made: they are not in a build without OpenCV.
  bool pictures = true;
  /// Set: measure the maps.
  std::optional<SaliencyMetricsOptions> metrics;
  bool quiet = false;
};

/// What run_saliency has done.
struct SaliencyOutcome {
  /// Images that have maps.
  int64_t images = 0;
  /// Images that can't be read, and why the first of them can't.
  int64_t unreadable = 0;
  std::string why;
  /// A signal came (ScopedSignals).
  bool interrupted = false;
  /// The table of the metrics, if they were measured.
  std::string metrics;
};

/// Saliency maps of images, one column for each checkpoint and method. Images are prepared as in a
/// test of the network (ImagePreparation), and what it says is led back to the picture; where it
/// does not look, pictures are striped. A column's files lie in `output`, or in a folder named
/// after it where there are several: per image the map as a PNG of 16 bits, the heat map and its
/// overlay on the image at the image's own size; maps.safetensors with the raw maps,
/// predictions.jsonl, contact_sheet.png. In `output` itself: NAME_image.png, saliency.json, with
/// several columns comparison_sheet.png, with metrics their files (docs/saliency.md). Needs no more
/// memory for more images. After a signal everything that was finished is there, and no temporary
/// file. Throws ConfigError, DataError or FileError; DataError where no image can be read.
SaliencyOutcome run_saliency(const SaliencyOptions& options, Log& log);

}  // namespace sanas
