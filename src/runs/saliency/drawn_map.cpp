// SPDX-License-Identifier: Apache-2.0
#include "runs/saliency/drawn_map.h"

#include <utility>

#include "sanas/saliency/heat_map.h"

namespace sanas {

DrawnMap draw_map(const Image& image, const torch::Tensor& map, const ImageGeometry& geometry,
                  const SaliencyDisplay& display) {
  constexpr double kStripes = 0.6;  // how strongly they cover what is not seen
  const auto seen = seen_pixels(geometry);
  const auto scaled = scale_for_display(map_on_picture(map, geometry), display.low_percentile,
                                        display.high_percentile, seen);
  Image heat = heat_map(scaled, display.color_map);
  hatch_unseen(heat, geometry.seen());
  Image mixed =
      overlay(image, heat, scaled.masked_fill(seen.logical_not(), kStripes), display.strength);
  return {image, std::move(heat), std::move(mixed)};
}

}  // namespace sanas
