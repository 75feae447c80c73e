// SPDX-License-Identifier: Apache-2.0
#pragma once

// An image as bytes.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sanas {

/// Pixels of the largest image that is read, or made by resizing one: no camera makes more, but a
/// small file can claim to be, or become, larger.
inline constexpr int64_t kMaxPixels = 200'000'000;

/// An image as bytes: H×W×C, rows from top to bottom, channels interleaved (RGB, or one grey
/// channel).
struct Image {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<uint8_t> pixels;
  /// 2, 4 or 8 where each pixel is what a JPEG file has in a square of that side.
  int reduction = 1;
  /// Size of the whole image in its file. A reduced one has ceil(full / reduction) pixels, the last
  /// of which may lie partly outside.
  int full_height = 0;
  int full_width = 0;

  Image() = default;
  /// A black image of the given shape.
  Image(int height, int width, int channels)
      : height(height),
        width(width),
        channels(channels),
        pixels(static_cast<size_t>(height) * row_bytes()),
        full_height(height),
        full_width(width) {}

  /// First byte of row `y`.
  uint8_t* row(int y) { return pixels.data() + static_cast<size_t>(y) * row_bytes(); }
  const uint8_t* row(int y) const { return pixels.data() + static_cast<size_t>(y) * row_bytes(); }

  size_t row_bytes() const { return static_cast<size_t>(width) * static_cast<size_t>(channels); }

  bool operator==(const Image&) const = default;
};

}  // namespace sanas
