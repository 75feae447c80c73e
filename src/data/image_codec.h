// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "sanas/data/image.h"

namespace sanas {

/// Whether this build can decode image files (it has OpenCV).
bool images_are_decodable();

/// Decodes a JPEG, PNG, WebP, BMP, TIFF (its first picture), PBM, PGM or PPM file to RGB bytes, as
/// Pillow's convert("RGB"): upright by its EXIF orientation, grey, palette and CMYK converted,
/// transparency dropped, of 16 bits the upper eight (where Pillow cuts grey levels above 255 off).
/// The format is that of the content, whatever the name. With `short_side` > 0 a JPEG is decoded at
/// 1/2, 1/4 or 1/8 of its size as long as its shorter side keeps that length. Throws DataError,
/// naming the file, where it cannot be read, is damaged, truncated, animated, no image or one of
/// more than 200 megapixels, and where images_are_decodable() is false.
Image decode_image(const std::filesystem::path& file, int64_t short_side = 0);

/// What the markers of a JPEG file say.
struct JpegHeader {
  int height = 0;
  int width = 0;
  size_t scan_begin = 0;  ///< offset of the first compressed data
};

/// Reads the markers up to the first scan; empty where the bytes are no JPEG file.
std::optional<JpegHeader> read_jpeg_header(std::span<const uint8_t> bytes);

}  // namespace sanas
