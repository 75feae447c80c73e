// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include "sanas/data/image.h"
#include "sanas/data/image_geometry.h"
#include "sanas/runs/saliency_run.h"

namespace sanas {

/// A map as people look at it, at its image's own size; what the network does not see is striped.
struct DrawnMap {
  const Image& image;
  Image heat;
  Image overlay;
};

/// @param image has to outlive the result. @param map H×W, not negative, as the network sees the
///        image.
DrawnMap draw_map(const Image& image, const torch::Tensor& map, const ImageGeometry& geometry,
                  const SaliencyDisplay& display);

}  // namespace sanas
