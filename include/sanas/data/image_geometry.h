// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where each pixel of a network's input lies in the picture that it was made from.

#include <cstdint>

namespace sanas {

/// One axis of the way from a picture to what a network gets of it: position p of the picture comes
/// to lie at scale · p + offset. Positions are in pixels from the edge: pixel i is [i, i + 1].
struct AxisGeometry {
  double scale = 1.0;
  double offset = 0.0;
  /// Where there is something of the picture in what the network gets: [begin, end] of it.
  double begin = 0.0;
  double end = 0.0;

  double to_network(double position) const { return scale * position + offset; }
  double to_picture(double position) const { return (position - offset) / scale; }
};

/// A part of a picture, in whole pixels.
struct PictureWindow {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;
  bool operator==(const PictureWindow&) const = default;
};

/// How a picture came to the size of a network: by resizing and by cutting windows out, in any
/// order and number. What a network says of its pixels is led back to the picture by it.
struct ImageGeometry {
  /// Size of the picture, in pixels.
  int64_t picture_height = 0;
  int64_t picture_width = 0;
  /// Size of what the network gets.
  int64_t height = 0;
  int64_t width = 0;
  AxisGeometry rows;
  AxisGeometry columns;

  /// A picture as it is.
  static ImageGeometry of(int64_t height, int64_t width);

  /// After the network's image was resized.
  ImageGeometry resized(int64_t new_height, int64_t new_width) const;

  /// After a window of the network's image was taken; beyond its edges (`top`, `left` may be
  /// negative) there is black.
  ImageGeometry window(int64_t top, int64_t left, int64_t new_height, int64_t new_width) const;

  /// The pixels of the picture whose centre the network gets. Nothing was cropped away where it is
  /// the whole picture.
  PictureWindow seen() const;

  /// Whether seen() is the whole picture.
  bool sees_everything() const;
};

}  // namespace sanas
