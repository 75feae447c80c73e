// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "sanas/attack/pgd.h"
#include "sanas/config/config.h"
#include "sanas/data/dataset.h"
#include "sanas/formats/event_file.h"

namespace sanas {

/// A few images of a data set whose saliency is drawn again and again while a network learns.
class HeatMapProbe {
 public:
  /// The first image of each of the first `count` classes that `dataset` shows; images that can't
  /// be decoded are passed over.
  HeatMapProbe(const Dataset& dataset, const Config& config, const torch::Device& device,
               int64_t count = 4);

  /// Images, saliency maps and overlays, a row per image. A map is proportional to the size of the
  /// gradient of the label's loss: the attack's single step, which does not saturate (method §4.4).
  /// Leaves the network, its buffers and all random generators as they are.
  /// @param network what `classifier` calls. @return nothing in a build without OpenCV.
  std::optional<EncodedImage> draw(torch::nn::Module& network, const Classifier& classifier) const;

 private:
  AttackOptions attack_;
  uint64_t seed_;
  torch::Tensor pixels_;  ///< N×3×H×W in [0, 1]; undefined without an image
  torch::Tensor labels_;
};

}  // namespace sanas
