// SPDX-License-Identifier: Apache-2.0
#include "runs/heat_map_probe.h"

#include <algorithm>
#include <set>

#include "saliency/image_batches.h"
#include "sanas/core/error.h"
#include "sanas/core/parameters.h"
#include "sanas/core/random.h"
#include "sanas/data/dataset_facts.h"
#include "sanas/data/image_preparation.h"
#include "sanas/nn/batch_norm.h"
#include "sanas/saliency/heat_map.h"
#include "sanas/saliency/saliency_map.h"

namespace sanas {
namespace {

// How far to look for images of other classes where the stored order is one of classes.
constexpr int64_t kLookAhead = 2000;
constexpr double kColdest = 1.0;  // percentiles of a map
constexpr double kWarmest = 99.0;

/// A step that does not saturate, so that its size is that of the gradient of the label's loss.
AttackOptions gradient_step(const SearchOptions& search) {
  AttackOptions attack = attack_of(search);
  attack.space = AttackSpace::kPixels;
  attack.loss = AttackLoss::kLabel;
  attack.steps = 0;
  return attack;
}

struct ShownImages {
  TensorList pixels;
  std::vector<int64_t> labels;
};

/// One image of each class, of as many classes as come first.
ShownImages first_of_each_class(const Dataset& dataset, const DataOptions& options,
                                int64_t classes) {
  const DatasetInfo& info = dataset.info();
  const ImagePreparation prepare(options.augment,
                                 {info.height, info.width, frame_of(options.source)});
  ShownImages shown;
  std::set<int64_t> seen;
  const int64_t end = std::min(dataset.size(), kLookAhead);
  for (int64_t i = 0; i < end && static_cast<int64_t>(shown.labels.size()) < classes; ++i) {
    if (!seen.insert(dataset.label(i)).second) {
      continue;
    }
    try {
      shown.pixels.push_back(pixels_of(prepare(dataset.image(i)).image, torch::kFloat32));
      shown.labels.push_back(dataset.label(i));
    } catch (const DataError&) {
      seen.erase(dataset.label(i));
    }
  }
  return shown;
}

}  // namespace

HeatMapProbe::HeatMapProbe(const Dataset& dataset, const Config& config,
                           const torch::Device& device, int64_t count)
    : attack_(gradient_step(config.search)), seed_(config.seed) {
  if (!pictures_are_drawable()) {
    return;
  }
  const ShownImages shown = first_of_each_class(dataset, config.dataset, count);
  if (!shown.pixels.empty()) {
    pixels_ = torch::cat(shown.pixels).to(device);
    labels_ = torch::tensor(shown.labels).to(device);
  }
}

std::optional<EncodedImage> HeatMapProbe::draw(torch::nn::Module& network,
                                               const Classifier& classifier) const {
  if (!pixels_.defined()) {
    return std::nullopt;
  }
  const FrozenStatistics running_statistics(network);
  const ScopedMode evaluation(network, false);
  const FrozenRandomness frozen(seed_);
  const auto maps =
      reduce_color(pgd_saliency(classifier, pixels_, labels_, attack_, seed_).to(torch::kCPU),
                   ColorReduction::kMax);
  std::vector<std::vector<Image>> rows;
  for (int64_t i = 0; i < maps.size(0); ++i) {
    const Image image = to_image(pixels_[i]);
    const auto scaled = scale_for_display(maps[i], kColdest, kWarmest);
    const Image heat = heat_map(scaled);
    rows.push_back({image, heat, overlay(image, heat, scaled)});
  }
  const Image sheet = contact_sheet(rows, {"image", "saliency", "overlay"});
  return EncodedImage{sheet.height, sheet.width, encode_png(sheet)};
}

}  // namespace sanas
