// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace sanas {

enum class ImageFormat { kJpeg, kPng, kWebp, kBmp, kPnm, kTiff };

/// What the first bytes of an image file say of it.
struct ImageHeader {
  ImageFormat format = ImageFormat::kJpeg;
  /// As they are stored, before the EXIF orientation is heeded.
  uint64_t height = 0;
  uint64_t width = 0;
  /// Of a WebP file: a film.
  bool is_animated = false;
};

/// Empty for a format that is not read, and where the header is cut off.
std::optional<ImageHeader> read_image_header(std::span<const uint8_t> bytes);

/// The EXIF orientation of a WebP file, 1 (upright) to 8; 1 where it has none.
int webp_orientation(std::span<const uint8_t> bytes);

}  // namespace sanas
