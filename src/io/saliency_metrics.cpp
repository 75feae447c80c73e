// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/saliency_metrics.h"

#include <algorithm>
#include <limits>

#include "saliency_images.h"
#include "sanas/core/error.h"
#include "sanas/core/phase.h"
#include "sanas/core/random.h"
#include "sanas/core/signals.h"
#include "sanas/data/image_codec.h"
#include "sanas/saliency/localization.h"
#include "sanas/saliency/map_similarity.h"
#include "sanas/saliency/perturbation_curve.h"
#include "sanas/saliency/weight_randomization.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Streams of randomness of the checks.
enum Stream : uint64_t { kSeedAgreement = 1, kNoise, kFreshWeights };

fs::path mask_of(const fs::path& image, const fs::path& folder) {
  for (const char* extension :
       {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".pgm", ".ppm"}) {
    const fs::path file = folder / (image.stem().string() + extension);
    std::error_code too_long_or_hidden;
    if (fs::is_regular_file(file, too_long_or_hidden)) {
      return file;
    }
  }
  throw DataError(folder.string() + ": no mask for " + image.string() + "; expected " +
                  image.stem().string() + ".png");
}

std::string size_text(int64_t height, int64_t width) {
  return std::to_string(width) + "×" + std::to_string(height);
}

/// The first images of a batch, filled up to kRowUnit as the batch is.
MapBatch first_rows(const MapBatch& batch, int64_t count) {
  const int64_t rows = (count + kRowUnit - 1) / kRowUnit * kRowUnit;
  const auto cut = [&](const torch::Tensor& tensor) {
    return tensor.narrow(0, 0, std::min(rows, tensor.size(0)));
  };
  MapBatch part{batch.first, batch.names, batch.indices, batch.geometries, {}, cut(batch.maps)};
  part.names.resize(static_cast<size_t>(count));
  part.batch = {cut(batch.batch.images), cut(batch.batch.labels), cut(batch.batch.targets)};
  return part;
}

/// Of the part of a picture that the network sees; not defined where that is all object, or none.
LocalizationScores seen_scores(const torch::Tensor& map, const torch::Tensor& mask,
                               double threshold) {
  const auto inside = mask.sum().item<int64_t>();
  return inside > 0 && inside < mask.numel() ? localization_scores(map, mask, threshold)
                                             : LocalizationScores{kNan, kNan, kNan, kNan, kNan};
}

/// The rows that belong to images.
torch::Tensor real_rows(const torch::Tensor& rows, const MapBatch& batch) {
  return rows.narrow(0, 0, static_cast<int64_t>(batch.names.size()));
}

}  // namespace

std::vector<fs::path> find_masks(const ImageSource& images, const fs::path& folder,
                                 UnreadableImages& unreadable) {
  if (!fs::is_directory(folder)) {
    throw DataError(folder.string() + ": no folder of masks");
  }
  std::vector<fs::path> masks;
  for (int64_t i = 0; i < images.size(); ++i) {
    const fs::path file = images.file(i);
    if (file.empty()) {
      throw ConfigError("--masks needs --images with a file or a folder, not a data set");
    }
    if (ScopedSignals::stop_requested()) {
      throw Interrupted();
    }
    Image image;
    try {
      image = images.image(i);
    } catch (const DataError& error) {
      unreadable.add(i, error.what());
      masks.emplace_back();
      continue;
    }
    masks.push_back(mask_of(file, folder));
    const auto mask = read_mask(masks.back());
    if (mask.size(0) != image.height || mask.size(1) != image.width) {
      throw DataError(masks.back().string() + ": a mask of " +
                      size_text(mask.size(0), mask.size(1)) + " pixels for an image of " +
                      size_text(image.height, image.width) + " (" + file.string() + ")");
    }
  }
  return masks;
}

torch::Tensor read_mask(const fs::path& file) {
  constexpr uint8_t kWhite = 128;
  const Image image = decode_image(file);
  auto mask = torch::empty({image.height, image.width}, torch::kBool);
  bool* inside = mask.mutable_data_ptr<bool>();
  for (int64_t i = 0; i < mask.numel(); ++i) {
    inside[i] = image.pixels[static_cast<size_t>(i) * 3] >= kWhite;
  }
  const auto size = mask.sum().item<int64_t>();
  if (size == 0 || size == mask.numel()) {
    throw DataError(file.string() + ": a mask that is all " + (size == 0 ? "black" : "white") +
                    "; expected white where the object is");
  }
  return mask;
}

ColumnMeter::ColumnMeter(std::string column, fs::path checkpoint, const ExplainedNetwork& network,
                         const SaliencyMetricsOptions& options, std::vector<fs::path> masks,
                         MapMaker make, uint64_t seed, PhaseObserver& observer)
    : checkpoint_(std::move(checkpoint)),
      network_(network),
      options_(options),
      masks_(std::move(masks)),
      make_(std::move(make)),
      seed_(seed),
      observer_(observer) {
  scores_.column = std::move(column);
}

std::vector<double>& ColumnMeter::values(const std::string& metric) {
  auto& metrics = scores_.metrics;
  auto found = std::find_if(metrics.begin(), metrics.end(),
                            [&](const auto& known) { return known.name == metric; });
  if (found == metrics.end()) {
    found = metrics.insert(metrics.end(), {metric, {}});
  }
  return found->values;
}

int64_t ColumnMeter::checked_rows(const MapBatch& batch) const {
  return std::clamp<int64_t>(options_.checked_images - batch.first, 0,
                             static_cast<int64_t>(batch.names.size()));
}

void ColumnMeter::add(const MapBatch& batch) {
  scores_.images.insert(scores_.images.end(), batch.names.begin(), batch.names.end());
  add_curves(batch);
  if (!masks_.empty()) {
    add_localization(batch);
  }
  if (const int64_t count = checked_rows(batch); count > 0) {
    checked_.push_back(first_rows(batch, count));
    add_stability(checked_.back());
  }
}

void ColumnMeter::add_curves(const MapBatch& batch) {
  Phase phase(observer_, "curves", 2 * (options_.curve_steps + 1));
  const Classifier classifier = [&](const torch::Tensor& images) {
    auto logits = network_.logits(images);
    phase.advance();
    return logits;
  };
  const auto measure = [&](Perturbation perturbation, const char* metric, torch::Tensor& sum) {
    const auto curves =
        real_rows(perturbation_curves(classifier, batch.batch.images, batch.maps,
                                      batch.batch.targets, perturbation, options_.curve_steps),
                  batch);
    const auto areas = curve_areas(curves);
    auto& all = values(metric);
    all.insert(all.end(), areas.const_data_ptr<double>(),
               areas.const_data_ptr<double>() + areas.numel());
    for (int64_t i = 0; i < curves.size(0); ++i) {  // one by one: rounds alike in every batch
      sum = sum.defined() ? sum + curves[i] : curves[i];
    }
  };
  measure(Perturbation::kDeletion, "deletion_area", deletion_sum_);
  measure(Perturbation::kInsertion, "insertion_area", insertion_sum_);
}

void ColumnMeter::add_localization(const MapBatch& batch) {
  for (size_t i = 0; i < batch.names.size(); ++i) {
    const auto& geometry = batch.geometries[i];
    const auto seen = seen_pixels(geometry);
    const auto mask =
        read_mask(masks_[static_cast<size_t>(batch.indices[i])]).masked_select(seen).unsqueeze(0);
    const auto map = map_on_picture(batch.maps[static_cast<int64_t>(i)], geometry)
                         .masked_select(seen)
                         .unsqueeze(0);
    const auto scores = seen_scores(map, mask, options_.threshold);
    values("pointing_game").push_back(scores.pointing);
    values("energy_in_mask").push_back(scores.energy);
    values("best_iou").push_back(scores.best_iou);
    values("fixed_iou").push_back(scores.fixed_iou);
    values("average_precision").push_back(scores.average_precision);
    values("mask_share").push_back(mask.to(torch::kDouble).mean().item<double>());
  }
}

void ColumnMeter::add_stability(const MapBatch& batch) {
  Phase phase(observer_, "stability", 1 + options_.noise_samples);
  const auto reseeded = make_(network_, batch.batch, derive_seed(seed_, {kSeedAgreement}));
  phase.advance();
  const auto length = [](const torch::Tensor& maps) { return maps.flatten(1).norm(2, 1); };
  torch::Tensor largest = torch::zeros({batch.maps.size(0)}, torch::kDouble);
  const auto& images = batch.batch.images;
  for (int64_t k = 0; k < options_.noise_samples; ++k) {
    const FrozenRandomness frozen(derive_seed(seed_, {kNoise, static_cast<uint64_t>(k)}));
    const auto noise = torch::empty(images.sizes().slice(1), images.options().device(torch::kCPU))
                           .uniform_(-options_.noise, options_.noise)
                           .to(images.device());
    SaliencyBatch noisy = batch.batch;
    noisy.images = (images + noise).clamp(0.0, 1.0);
    largest = torch::maximum(largest, length(make_(network_, noisy, seed_) - batch.maps));
    phase.advance();
  }
  const auto relative = largest / length(batch.maps);
  for (int64_t i = 0; i < checked_rows(batch); ++i) {
    values("seed_agreement").push_back(rank_correlation(batch.maps[i], reseeded[i]));
    values("noise_sensitivity").push_back(relative[i].item<double>());
  }
}

void ColumnMeter::compare(const std::string& name, const ExplainedCheckpoint& other) {
  Phase phase(observer_, "comparison", static_cast<int64_t>(checked_.size()));
  for (const auto& batch : checked_) {
    const auto maps = make_(other.network, batch.batch, seed_);
    for (int64_t i = 0; i < checked_rows(batch); ++i) {
      values(name + "_rank_correlation").push_back(rank_correlation(batch.maps[i], maps[i]));
      values(name + "_ssim").push_back(structural_similarity(batch.maps[i], maps[i]));
    }
    phase.advance();
  }
}

void ColumnMeter::randomize_layers(const torch::Device& device, torch::ScalarType type) {
  const auto fresh = load_explained_checkpoint(checkpoint_, device, type, CheckpointWeights::kFresh,
                                               derive_seed(seed_, {kFreshWeights}));
  const auto broken = load_explained_checkpoint(checkpoint_, device, type);
  const auto layers = layers_from_output(*broken.module);
  Phase phase(observer_, "randomized layers",
              static_cast<int64_t>(layers.size() * checked_.size()));
  for (const auto& layer : layers) {
    copy_layer(*fresh.module, *broken.module, layer);
    auto& similarity = scores_.randomization.emplace_back();
    similarity.layer = layer;
    for (const auto& batch : checked_) {
      const auto maps = make_(broken.network, batch.batch, seed_);
      for (int64_t i = 0; i < checked_rows(batch); ++i) {
        similarity.rank_correlation.push_back(rank_correlation(batch.maps[i], maps[i]));
        similarity.structural_similarity.push_back(structural_similarity(batch.maps[i], maps[i]));
      }
      phase.advance();
    }
  }
}

ColumnScores ColumnMeter::finish(const torch::Device& device, torch::ScalarType type) {
  if (!checked_.empty()) {
    randomize_layers(device, type);
  }
  for (const auto& [name, file] : {std::pair{"random_labels", options_.random_labels},
                                   std::pair{"other_seed", options_.other_seed}}) {
    if (!file.empty()) {
      compare(name, load_explained_checkpoint(file, device, type));
    }
  }
  const auto count = static_cast<int64_t>(scores_.images.size());
  const auto mean = [&](const torch::Tensor& sum) {
    const auto curve = sum / count;
    return std::vector<double>(curve.const_data_ptr<double>(),
                               curve.const_data_ptr<double>() + curve.numel());
  };
  scores_.deletion_curve = mean(deletion_sum_);
  scores_.insertion_curve = mean(insertion_sum_);
  for (auto& metric : scores_.metrics) {
    metric.values.resize(scores_.images.size(), kNan);  // those of the first images only
  }
  return std::move(scores_);
}

}  // namespace sanas
