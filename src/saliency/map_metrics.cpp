// SPDX-License-Identifier: Apache-2.0
#include "saliency/map_metrics.h"

#include <array>
#include <limits>
#include <utility>

#include "sanas/core/random.h"
#include "sanas/saliency/localization.h"
#include "sanas/saliency/map_similarity.h"
#include "sanas/saliency/perturbation_curve.h"
#include "sanas/saliency/weight_randomization.h"

namespace sanas {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Streams of randomness of the checks.
enum Stream : uint64_t { kSeedAgreement = 1, kNoise, kFreshWeights };

int64_t image_count(const MapBatch& batch) { return static_cast<int64_t>(batch.names.size()); }

std::vector<double> values_of(const torch::Tensor& row) {
  return {row.const_data_ptr<double>(), row.const_data_ptr<double>() + row.numel()};
}

/// Of the part of a picture that the network sees; not defined where that is all object, or none.
LocalizationScores seen_scores(const torch::Tensor& map, const torch::Tensor& mask,
                               double threshold) {
  const auto inside = mask.sum().item<int64_t>();
  return inside > 0 && inside < mask.numel() ? localization_scores(map, mask, threshold)
                                             : LocalizationScores{kNan, kNan, kNan, kNan, kNan};
}

/// N: how far each map moves at most, relative to its length, under noise on the images.
torch::Tensor noise_sensitivity(const MeasuredColumn& column, const MapBatch& batch,
                                const SaliencyMetricsOptions& options, Phase& phase) {
  const auto length = [](const torch::Tensor& maps) { return maps.flatten(1).norm(2, 1); };
  torch::Tensor largest = torch::zeros({batch.maps.size(0)}, torch::kDouble);
  const auto& images = batch.batch.images;
  for (int64_t k = 0; k < options.noise_samples; ++k) {
    const FrozenRandomness frozen(derive_seed(column.seed, {kNoise, static_cast<uint64_t>(k)}));
    const auto noise = torch::empty(images.sizes().slice(1), images.options().device(torch::kCPU))
                           .uniform_(-options.noise, options.noise)
                           .to(images.device());
    SaliencyBatch noisy = batch.batch;
    noisy.images = (images + noise).clamp(0.0, 1.0);
    largest = torch::maximum(largest,
                             length(column.make(column.network, noisy, column.seed) - batch.maps));
    phase.advance();
  }
  return largest / length(batch.maps);
}

/// How alike the column's maps and those of another network are, image by image.
struct Similarities {
  std::vector<double> rank_correlation;
  std::vector<double> structural_similarity;
};

/// Advances `phase` with each batch.
Similarities similarities(const MeasuredColumn& column, const std::vector<MapBatch>& batches,
                          const ExplainedNetwork& other, Phase& phase) {
  Similarities result;
  for (const auto& batch : batches) {
    const auto maps = column.make(other, batch.batch, column.seed);
    for (int64_t i = 0; i < image_count(batch); ++i) {
      result.rank_correlation.push_back(rank_correlation(batch.maps[i], maps[i]));
      result.structural_similarity.push_back(structural_similarity(batch.maps[i], maps[i]));
    }
    phase.advance();
  }
  return result;
}

}  // namespace

std::vector<MetricValues> MeasuredCurves::areas() const {
  return {{"deletion_area", values_of(curve_areas(deletion))},
          {"insertion_area", values_of(curve_areas(insertion))}};
}

MeasuredCurves measure_curves(const ExplainedNetwork& network, const MapBatch& batch, int64_t steps,
                              PhaseObserver& observer) {
  Phase phase(observer, "curves", 2 * (steps + 1));
  const Classifier classifier = [&](const torch::Tensor& images) {
    auto logits = network.logits(images);
    phase.advance();
    return logits;
  };
  const auto measure = [&](Perturbation perturbation) {
    return perturbation_curves(classifier, batch.batch.images, batch.maps, batch.batch.targets,
                               perturbation, steps)
        .narrow(0, 0, image_count(batch));
  };
  auto deletion = measure(Perturbation::kDeletion);
  return {std::move(deletion), measure(Perturbation::kInsertion)};
}

std::vector<MetricValues> measure_localization(const MapBatch& batch,
                                               const std::vector<torch::Tensor>& masks,
                                               double threshold) {
  std::vector<MetricValues> metrics{{"pointing_game", {}},     {"energy_in_mask", {}},
                                    {"best_iou", {}},          {"fixed_iou", {}},
                                    {"average_precision", {}}, {"mask_share", {}}};
  for (size_t i = 0; i < batch.names.size(); ++i) {
    const auto& geometry = batch.geometries[i];
    const auto seen = seen_pixels(geometry);
    const auto mask = masks[i].masked_select(seen).unsqueeze(0);
    const auto map = map_on_picture(batch.maps[static_cast<int64_t>(i)], geometry)
                         .masked_select(seen)
                         .unsqueeze(0);
    const auto scores = seen_scores(map, mask, threshold);
    const double share = mask.to(torch::kDouble).mean().item<double>();
    const std::array values{scores.pointing,          scores.energy,
                            scores.best_iou,          scores.fixed_iou,
                            scores.average_precision, share};
    for (size_t k = 0; k < values.size(); ++k) {
      metrics[k].values.push_back(values[k]);
    }
  }
  return metrics;
}

std::vector<MetricValues> measure_stability(const MeasuredColumn& column, const MapBatch& batch,
                                            const SaliencyMetricsOptions& options,
                                            PhaseObserver& observer) {
  Phase phase(observer, "stability", 1 + options.noise_samples);
  const auto reseeded =
      column.make(column.network, batch.batch, derive_seed(column.seed, {kSeedAgreement}));
  phase.advance();
  const auto relative = noise_sensitivity(column, batch, options, phase);
  MetricValues agreement{"seed_agreement", {}};
  MetricValues sensitivity{"noise_sensitivity", {}};
  for (int64_t i = 0; i < image_count(batch); ++i) {
    agreement.values.push_back(rank_correlation(batch.maps[i], reseeded[i]));
    sensitivity.values.push_back(relative[i].item<double>());
  }
  return {agreement, sensitivity};
}

std::vector<MetricValues> compare_maps(const MeasuredColumn& column,
                                       const std::vector<MapBatch>& batches,
                                       const std::string& name, const ExplainedNetwork& other,
                                       PhaseObserver& observer) {
  Phase phase(observer, "comparison", static_cast<int64_t>(batches.size()));
  auto found = similarities(column, batches, other, phase);
  return {{name + "_rank_correlation", std::move(found.rank_correlation)},
          {name + "_ssim", std::move(found.structural_similarity)}};
}

std::vector<LayerSimilarity> randomize_layers(const MeasuredColumn& column,
                                              const std::vector<MapBatch>& batches,
                                              PhaseObserver& observer) {
  const auto fresh = column.load_fresh(derive_seed(column.seed, {kFreshWeights}));
  const auto broken = column.load();
  const auto layers = layers_from_output(*broken.module);
  Phase phase(observer, "randomized layers", static_cast<int64_t>(layers.size() * batches.size()));
  std::vector<LayerSimilarity> of_layers;
  for (const auto& layer : layers) {
    copy_layer(*fresh.module, *broken.module, layer);
    auto found = similarities(column, batches, broken.network, phase);
    of_layers.push_back(
        {layer, std::move(found.rank_correlation), std::move(found.structural_similarity)});
  }
  return of_layers;
}

}  // namespace sanas
