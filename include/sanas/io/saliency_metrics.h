// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sanas/core/phase.h"
#include "sanas/io/explained_checkpoint.h"
#include "sanas/io/image_source.h"
#include "sanas/saliency/bootstrap.h"
#include "sanas/saliency/saliency_method.h"

namespace sanas {

class UnreadableImages;

struct SaliencyMetricsOptions {
  /// Folder of masks, NAME.png for image NAME.*, white where the object is; empty: none.
  std::filesystem::path masks;
  /// Of the fixed intersection over union, as a share of a map's range.
  double threshold = 0.5;
  /// Shares of pixels at which the deletion and insertion curves are taken, besides 0.
  int64_t curve_steps = 20;
  /// Images, from the first on, that the sanity checks and the sensitivity are measured on.
  int64_t checked_images = 32;
  /// Copies with noise that the sensitivity is the maximum over, and the noise's largest value.
  int64_t noise_samples = 4;
  double noise = 0.02;
  /// A network of the same shape trained on randomised labels, and one trained from another seed.
  std::filesystem::path random_labels;
  std::filesystem::path other_seed;
};

/// Values of one metric, one per image, NaN where it is not defined.
struct MetricValues {
  std::string name;
  std::vector<double> values;
};

/// How maps change as a network is randomised from its output on.
struct LayerSimilarity {
  std::string layer;
  std::vector<double> rank_correlation;
  std::vector<double> structural_similarity;
};

/// What was measured of one column.
struct ColumnScores {
  std::string column;
  std::vector<std::string> images;
  std::vector<MetricValues> metrics;
  /// Mean probabilities of the target after each share of pixels; empty where not measured.
  std::vector<double> deletion_curve;
  std::vector<double> insertion_curve;
  std::vector<LayerSimilarity> randomization;
};

/// The mask's file of each image; none for one that can't be read, which is added to `unreadable`.
/// Throws ConfigError for images without files, DataError for a mask that is missing, of another
/// size than its image, empty or full.
std::vector<std::filesystem::path> find_masks(const ImageSource& images,
                                              const std::filesystem::path& folder,
                                              UnreadableImages& unreadable);

/// A mask as bool, H×W. Throws DataError.
torch::Tensor read_mask(const std::filesystem::path& file);

/// A batch of maps as its column made it.
struct MapBatch {
  /// Images that came before, in other batches.
  int64_t first = 0;
  std::vector<std::string> names;
  /// Of the images in their source.
  std::vector<int64_t> indices;
  std::vector<ImageGeometry> geometries;
  /// More rows than names where a batch was filled up.
  SaliencyBatch batch;
  /// Reduced, double, on the CPU, N×H×W.
  torch::Tensor maps;
};

/// Makes reduced maps of a batch with some network and seed, as the column does.
using MapMaker =
    std::function<torch::Tensor(const ExplainedNetwork&, const SaliencyBatch&, uint64_t seed)>;

/// Measures the maps of one column as they are made.
class ColumnMeter {
 public:
  /// @param observer of the phases "curves", "stability", "comparison" and "randomized layers".
  ColumnMeter(std::string column, std::filesystem::path checkpoint, const ExplainedNetwork& network,
              const SaliencyMetricsOptions& options, std::vector<std::filesystem::path> masks,
              MapMaker make, uint64_t seed, PhaseObserver& observer = nobody());

  void add(const MapBatch& batch);

  /// Does the sanity checks and hands over everything. Throws Interrupted as networks do.
  ColumnScores finish(const torch::Device& device, torch::ScalarType type);

 private:
  std::vector<double>& values(const std::string& metric);
  /// How many of the batch's images the checks are done on.
  int64_t checked_rows(const MapBatch& batch) const;
  void add_curves(const MapBatch& batch);
  void add_localization(const MapBatch& batch);
  void add_stability(const MapBatch& batch);
  /// Similarity to the maps of another network, as NAME_rank_correlation and NAME_ssim.
  void compare(const std::string& name, const ExplainedCheckpoint& other);
  void randomize_layers(const torch::Device& device, torch::ScalarType type);

  ColumnScores scores_;
  std::filesystem::path checkpoint_;
  const ExplainedNetwork& network_;
  SaliencyMetricsOptions options_;
  std::vector<std::filesystem::path> masks_;
  MapMaker make_;
  uint64_t seed_;
  PhaseObserver& observer_;
  std::vector<MapBatch> checked_;
  torch::Tensor deletion_sum_;
  torch::Tensor insertion_sum_;
};

}  // namespace sanas
