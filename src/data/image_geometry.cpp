// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/image_geometry.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sanas {
namespace {

AxisGeometry scaled(const AxisGeometry& axis, int64_t from, int64_t to) {
  const double factor = static_cast<double>(to) / static_cast<double>(from);
  return {axis.scale * factor, axis.offset * factor, axis.begin * factor, axis.end * factor};
}

AxisGeometry cut(const AxisGeometry& axis, int64_t begin, int64_t size) {
  const auto shift = static_cast<double>(begin);
  const auto inside = [size](double position) {
    return std::clamp(position, 0.0, static_cast<double>(size));
  };
  return {axis.scale, axis.offset - shift, inside(axis.begin - shift), inside(axis.end - shift)};
}

/// First pixel, and end, of those whose centre lies in [begin, end) of the network.
std::pair<int64_t, int64_t> seen_pixels(const AxisGeometry& axis, int64_t size) {
  const auto first_from = [&](double edge) {
    const double pixel = std::ceil(axis.to_picture(edge) - 0.5);
    return static_cast<int64_t>(std::clamp(pixel, 0.0, static_cast<double>(size)));
  };
  return {first_from(axis.begin), first_from(axis.end)};
}

}  // namespace

ImageGeometry ImageGeometry::of(int64_t height, int64_t width) {
  return {height,
          width,
          height,
          width,
          {1.0, 0.0, 0.0, static_cast<double>(height)},
          {1.0, 0.0, 0.0, static_cast<double>(width)}};
}

ImageGeometry ImageGeometry::resized(int64_t new_height, int64_t new_width) const {
  ImageGeometry result = *this;
  result.rows = scaled(rows, height, new_height);
  result.columns = scaled(columns, width, new_width);
  result.height = new_height;
  result.width = new_width;
  return result;
}

ImageGeometry ImageGeometry::window(int64_t top, int64_t left, int64_t new_height,
                                    int64_t new_width) const {
  ImageGeometry result = *this;
  result.rows = cut(rows, top, new_height);
  result.columns = cut(columns, left, new_width);
  result.height = new_height;
  result.width = new_width;
  return result;
}

PictureWindow ImageGeometry::seen() const {
  const auto [top, bottom] = seen_pixels(rows, picture_height);
  const auto [left, right] = seen_pixels(columns, picture_width);
  return {top, left, bottom - top, right - left};
}

bool ImageGeometry::sees_everything() const {
  return seen() == PictureWindow{0, 0, picture_height, picture_width};
}

}  // namespace sanas
