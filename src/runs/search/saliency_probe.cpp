// SPDX-License-Identifier: Apache-2.0
#include "runs/search/saliency_probe.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/format.h"
#include "nn/inference_batch.h"
#include "saliency/image_batches.h"
#include "saliency/map_metrics.h"
#include "saliency/masks.h"
#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/core/random.h"
#include "sanas/data/dataset_facts.h"
#include "sanas/data/image_source.h"
#include "sanas/nn/batch_norm.h"
#include "sanas/saliency/map_similarity.h"
#include "sanas/saliency/saliency_map.h"

namespace sanas {
namespace {

/// The mean of those that are defined; NaN without any.
double mean_of(const std::vector<double>& values) {
  return torch::tensor(values, torch::kDouble).nanmean().item<double>();
}

double saturated_share(const torch::Tensor& map) {
  constexpr double kNearly = 0.999;
  return (map >= kNearly * map.max()).to(torch::kDouble).mean().item<double>();
}

}  // namespace

SaliencyProbe::SaliencyProbe(const SearchSetup& setup, const Config& config, Log& log)
    : options_(config.saliency),
      attack_(attack_of(config.search)),
      batch_size_(config.search.batch_size),
      seed_(config.seed) {
  if (options_.every == 0 || config.method == Method::kPlain) {
    return;
  }
  attack_.space = AttackSpace::kPixels;
  const DatasetInfo& info = setup.dataset().info();
  const ImagePreparation prepare(config.dataset.augment,
                                 {info.height, info.width, frame_of(config.dataset.source)});
  const Images held_out = held_out_images(setup, prepare);
  share_out(held_out, setup.device());
  images_ = options_.images.empty() ? held_out : named_images(config, prepare, log);
  for (const int64_t label : images_.labels) {
    if (attack_.loss == AttackLoss::kLabel && (label < 0 || label >= info.num_classes())) {
      throw ConfigError("search.saliency.images: " + options_.images +
                        " has images without a class of the data set, which attack.loss: label "
                        "needs; expected other images, or another loss");
    }
  }
}

SaliencyProbe::Images SaliencyProbe::held_out_images(const SearchSetup& setup,
                                                     const ImagePreparation& prepare) const {
  Images images;
  const auto& all = setup.architecture_images();
  const auto size = static_cast<int64_t>(all.size());
  const int64_t count = std::min(options_.count, size);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t index = all[static_cast<size_t>(i * size / count)];
    try {
      images.add(prepare(setup.dataset().image(index)), setup.dataset().label(index), {});
    } catch (const DataError&) {
      continue;  // the loaders say what becomes of it
    }
  }
  return images;
}

void SaliencyProbe::share_out(const Images& held_out, const torch::Device& device) {
  // No more than a step of the search takes.
  const int64_t half = std::min(static_cast<int64_t>(held_out.labels.size()) / 2, batch_size_);
  if (half == 0) {
    return;
  }
  const auto pixels = torch::cat(held_out.pixels);
  const auto labels = torch::tensor(held_out.labels);
  const auto batch = [&](int64_t first) {
    return Batch{pixels.narrow(0, first, half), labels.narrow(0, first, half), torch::arange(half)}
        .to(device);
  };
  train_ = batch(0);
  validation_ = batch(half);
}

SaliencyProbe::Images SaliencyProbe::named_images(const Config& config,
                                                  const ImagePreparation& prepare, Log& log) const {
  Images images;
  const auto source = open_images(options_.images, config.dataset.source, options_.count, log);
  UnreadableImages unreadable(BadSample::kSkip, log);
  std::vector<std::filesystem::path> masks(static_cast<size_t>(source->size()));
  if (!options_.masks.empty() && source->size() > 0 && source->file(0).empty()) {
    throw ConfigError("search.saliency.masks: belong to images in files, but " + options_.images +
                      " is a data set; expected a file or a folder in search.saliency.images");
  }
  if (!options_.masks.empty()) {
    masks = find_masks(*source, options_.masks, unreadable);
  }
  for (int64_t i = 0; i < source->size(); ++i) {
    try {
      const auto& mask = masks[static_cast<size_t>(i)];
      images.add(prepare(source->image(i)), source->label(i).value_or(-1),
                 mask.empty() ? torch::Tensor() : read_mask(mask));
    } catch (const DataError& error) {
      unreadable.add(i, error.what());
    }
  }
  if (images.pixels.empty()) {
    throw DataError("search.saliency.images: none of the images in " + options_.images +
                    " can be read; expected at least one");
  }
  return images;
}

void SaliencyProbe::Images::add(const PreparedImage& prepared, int64_t label, torch::Tensor mask) {
  pixels.push_back(pixels_of(prepared.image, torch::kFloat32));
  labels.push_back(label);
  geometries.push_back(prepared.geometry);
  masks.push_back(std::move(mask));
}

bool SaliencyProbe::is_due(int64_t epoch) const {
  return !images_.pixels.empty() && (epoch + 1) % options_.every == 0;
}

SaliencyQuality SaliencyProbe::measure(const SearchLoop& loop, int64_t epoch) const {
  SaliencyQuality quality;
  measure_maps(loop, quality);
  quality.shares = measure_terms(loop, epoch);
  const auto& terms = loop.options().hypergradient.terms;
  quality.follows_delta = epoch >= loop.options().attack_start_epoch &&
                          (terms[Term::kDeltaDirect] || terms[Term::kDeltaWeights1]);
  return quality;
}

torch::Tensor SaliencyProbe::maps(const SearchLoop& loop, uint64_t seed) const {
  Supernet& net = *loop.networks().net1;
  const FrozenStatistics running_statistics(net);
  const ScopedMode evaluation(net, false);
  const Classifier classifier = [&](const torch::Tensor& pixels) {
    const FrozenRandomness same_draws(0);
    return net.forward(loop.normalization()(pixels));
  };
  const auto device = net.parameters().front().device();
  const auto labels = torch::tensor(images_.labels).to(device);
  const auto count = static_cast<int64_t>(images_.pixels.size());
  const int64_t rows = rows_are_independent(net) ? batch_size_ : 1;
  TensorList all;
  for (int64_t first = 0; first < count; first += rows) {
    const int64_t size = std::min(rows, count - first);
    const auto begin = images_.pixels.begin() + first;
    const auto images = torch::cat(TensorList(begin, begin + size)).to(device);
    const auto values =
        pgd_saliency(classifier, images, labels.narrow(0, first, size), attack_, seed);
    all.push_back(reduce_color(values.to(torch::kCPU), ColorReduction::kMax).to(torch::kDouble));
  }
  return torch::cat(all);
}

void SaliencyProbe::measure_maps(const SearchLoop& loop, SaliencyQuality& quality) const {
  const torch::Tensor ours = maps(loop, seed_);
  const torch::Tensor others = maps(loop, seed_ + 1);
  std::vector<double> agreements;
  std::vector<double> saturated;
  for (int64_t i = 0; i < ours.size(0); ++i) {
    agreements.push_back(rank_correlation(ours[i], others[i]));
    saturated.push_back(saturated_share(ours[i]));
  }
  quality.images = ours.size(0);
  quality.seed_agreement = mean_of(agreements);
  quality.saturated = mean_of(saturated);
  if (!options_.masks.empty()) {
    MapBatch batch;
    batch.geometries = images_.geometries;
    batch.names.resize(images_.labels.size());
    batch.maps = ours;
    for (const auto& metric : measure_localization(batch, images_.masks, /*threshold=*/0.5)) {
      if (metric.name == "average_precision") {
        quality.average_precision = mean_of(metric.values);
      } else if (metric.name == "pointing_game") {
        quality.pointing_game = mean_of(metric.values);
      }
    }
  }
}

std::optional<TermShares> SaliencyProbe::measure_terms(const SearchLoop& loop,
                                                       int64_t epoch) const {
  const SearchOptions& options = loop.options();
  if (!train_.labels.defined() || train_.size() < 2 || options.sequential_stages ||
      options.hypergradient.order == HypergradientOrder::kFirst) {
    return std::nullopt;
  }
  const auto architect = make_architect(options, loop.networks(), loop.weights1(), loop.weights2());
  architect->start_epoch(epoch);
  const auto prepared = [&](Batch batch) {
    if (options.attack.space == AttackSpace::kNormalized) {  // as SearchLoop does it
      batch.images = loop.normalization()(batch.images);
    }
    return batch;
  };
  const auto hypergradient =
      architect->gradient(prepared(train_), prepared(validation_), seed_, /*split_terms=*/true);
  return term_shares(hypergradient.terms, options.hypergradient.gamma);
}

void append(JsonRecord& record, const SaliencyQuality& quality) {
  record.emplace_back("saliency_images", quality.images);
  const auto add = [&record](const char* key, const std::optional<double>& value) {
    if (value && std::isfinite(*value)) {
      record.emplace_back(key, *value);
    }
  };
  add("saliency_seed_agreement", quality.seed_agreement);
  add("saliency_saturated", quality.saturated);
  add("saliency_average_precision", quality.average_precision);
  add("saliency_pointing_game", quality.pointing_game);
  if (quality.shares) {
    append(record, *quality.shares);
  }
}

std::string saliency_text(const SaliencyQuality& quality) {
  std::string text =
      std::isfinite(quality.seed_agreement)
          ? format("saliency: two seeds agree by %.2f, %.0f %% of the pixels saturated",
                   quality.seed_agreement, 100.0 * quality.saturated)
          : "saliency: every map is the same at all its pixels";
  if (quality.average_precision) {
    text += format(", average precision %.3f, pointing game %.3f", *quality.average_precision,
                   *quality.pointing_game);
  }
  return text + (quality.shares ? ", " + share_text(*quality.shares) : "");
}

std::map<SaliencyTrouble, std::string> saliency_warnings(const SaliencyQuality& quality) {
  constexpr double kMuch = 0.5;
  std::map<SaliencyTrouble, std::string> warnings;
  if (quality.saturated >= kMuch) {
    warnings[SaliencyTrouble::kSaturated] = format(
        "warning: saliency is saturated: %.0f %% of a map's pixels have its largest value, so that "
        "it says little about its image; saliency: alive is an attack that does not saturate",
        100.0 * quality.saturated);
  }
  const std::string dead =
      quality.shares && quality.follows_delta ? dead_path_warning(*quality.shares) : "";
  if (!dead.empty()) {
    warnings[SaliencyTrouble::kDeadPath] = dead;
  }
  return warnings;
}

}  // namespace sanas
