// SPDX-License-Identifier: Apache-2.0
#pragma once

// Measures the quality of saliency maps by several metrics.

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sanas/core/phase.h"
#include "sanas/data/image_geometry.h"
#include "sanas/saliency/bootstrap.h"
#include "sanas/saliency/explained_network.h"
#include "sanas/saliency/saliency_method.h"

namespace sanas {

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

/// Loads a network when its turn comes.
using ModuleLoader = std::function<ExplainedModule()>;

/// What the maps of a column are measured against.
struct MeasuredColumn {
  std::string name;
  const ExplainedNetwork& network;
  MapMaker make;
  uint64_t seed = 0;
  /// Of the images by index in their source; empty: none.
  std::vector<std::filesystem::path> masks;
  /// The column's network once more, and with fresh weights drawn from a seed: the first is
  /// randomised layer by layer.
  ModuleLoader load;
  std::function<ExplainedModule(uint64_t seed)> load_fresh;
  /// Other networks whose maps are compared with the column's, by the metrics' prefix.
  std::vector<std::pair<std::string, ModuleLoader>> others;
};

/// Measures the maps of one column as they are made, and collects what was measured.
class MapMeter {
 public:
  /// @param observer of the phases "curves", "stability", "comparison" and "randomized layers".
  MapMeter(MeasuredColumn column, const SaliencyMetricsOptions& options,
           PhaseObserver& observer = nobody());

  void add(const MapBatch& batch);

  /// Does the sanity checks and hands over everything. Throws Interrupted as networks do.
  ColumnScores finish();

 private:
  void collect(const std::vector<MetricValues>& metrics);

  MeasuredColumn column_;
  SaliencyMetricsOptions options_;
  PhaseObserver& observer_;
  ColumnScores scores_;
  std::vector<MapBatch> checked_;
  torch::Tensor deletion_sum_;
  torch::Tensor insertion_sum_;
};

}  // namespace sanas
