// SPDX-License-Identifier: Apache-2.0
#include "runs/saliency/drawn_map.h"

#include <utility>

#include "sanas/saliency/heat_map.h"

namespace sanas {

DrawnMap draw_map(const Image& image, const torch::Tensor& map, const ImageGeometry& geometry,
                  const SaliencyDisplay& display) {
  const auto scaled = scale_for_display(map_on_picture(map, geometry), display.low_percentile,
                                        display.high_percentile, seen_pixels(geometry));
  Image heat = heat_map(scaled, display.color_map);
  hatch_unseen(heat, geometry.seen());
  Image mixed = overlay(image, heat, display.strength);
  return {image, std::move(heat), std::move(mixed)};
}

}  // namespace sanas
