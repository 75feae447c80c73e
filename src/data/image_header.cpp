// SPDX-License-Identifier: Apache-2.0
#include "data/image_header.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "data/image_codec.h"
#include "data/tiff_directory.h"

namespace sanas {
namespace {

using Bytes = std::span<const uint8_t>;

bool begins(Bytes bytes, size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() &&
         std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

uint64_t little_endian(Bytes bytes, size_t at, size_t count) {
  uint64_t number = 0;
  for (size_t i = 0; i < count; ++i) {
    number |= uint64_t{bytes[at + i]} << (8 * i);
  }
  return number;
}

uint64_t big_endian32(Bytes bytes, size_t at) {
  return uint64_t{bytes[at]} << 24U | uint64_t{bytes[at + 1]} << 16U |
         uint64_t{bytes[at + 2]} << 8U | uint64_t{bytes[at + 3]};
}

std::optional<ImageHeader> jpeg_header(Bytes bytes) {
  const auto header = read_jpeg_header(bytes);
  if (!header) {
    return std::nullopt;
  }
  return ImageHeader{ImageFormat::kJpeg, static_cast<uint64_t>(header->height),
                     static_cast<uint64_t>(header->width)};
}

std::optional<ImageHeader> png_header(Bytes bytes) {
  constexpr size_t kWidth = 16;  // behind the signature and the frame of the first chunk
  if (!begins(bytes, 0, "\x89PNG\r\n\x1a\n") || bytes.size() < kWidth + 8) {
    return std::nullopt;
  }
  return ImageHeader{ImageFormat::kPng, big_endian32(bytes, kWidth + 4),
                     big_endian32(bytes, kWidth)};
}

std::optional<ImageHeader> webp_header(Bytes bytes) {
  constexpr size_t kHeaders = 32;  // with less OpenCV does not look at a WebP file
  constexpr uint8_t kAnimation = 2;
  if (!begins(bytes, 0, "RIFF") || !begins(bytes, 8, "WEBP") || bytes.size() < kHeaders) {
    return std::nullopt;
  }
  if (begins(bytes, 12, "VP8 ")) {
    return ImageHeader{ImageFormat::kWebp, little_endian(bytes, 28, 2) & 0x3FFFU,
                       little_endian(bytes, 26, 2) & 0x3FFFU};
  }
  if (begins(bytes, 12, "VP8L")) {
    const uint64_t sizes = little_endian(bytes, 21, 4);
    return ImageHeader{ImageFormat::kWebp, ((sizes >> 14U) & 0x3FFFU) + 1, (sizes & 0x3FFFU) + 1};
  }
  return ImageHeader{ImageFormat::kWebp, little_endian(bytes, 27, 3) + 1,
                     little_endian(bytes, 24, 3) + 1, (bytes[20] & kAnimation) != 0};
}

std::optional<ImageHeader> bmp_header(Bytes bytes) {
  if (!begins(bytes, 0, "BM") || bytes.size() < 26) {
    return std::nullopt;
  }
  constexpr uint64_t kOldHeader = 12;  // with sizes of 16 bits
  if (little_endian(bytes, 14, 4) == kOldHeader) {
    return ImageHeader{ImageFormat::kBmp, little_endian(bytes, 20, 2), little_endian(bytes, 18, 2)};
  }
  const auto height = static_cast<int32_t>(little_endian(bytes, 22, 4));  // below 0: top row first
  return ImageHeader{ImageFormat::kBmp, static_cast<uint64_t>(std::abs(int64_t{height})),
                     little_endian(bytes, 18, 4)};
}

/// PBM, PGM or PPM: "P6", then width and height as text, with spaces and comments between them.
std::optional<ImageHeader> pnm_header(Bytes bytes) {
  if (bytes.size() < 3 || bytes[0] != 'P' || bytes[1] < '1' || bytes[1] > '6' ||
      std::isspace(bytes[2]) == 0) {
    return std::nullopt;
  }
  constexpr uint64_t kLargest = uint64_t{1} << 31U;
  size_t at = 2;
  const auto number = [&]() -> std::optional<uint64_t> {
    while (at < bytes.size() && (std::isspace(bytes[at]) != 0 || bytes[at] == '#')) {
      const bool comment = bytes[at] == '#';
      while (comment && at < bytes.size() && bytes[at] != '\n') {
        ++at;
      }
      at += at < bytes.size() ? 1 : 0;
    }
    const size_t begin = at;
    uint64_t value = 0;
    while (at < bytes.size() && std::isdigit(bytes[at]) != 0 && value < kLargest) {
      value = 10 * value + (bytes[at++] - uint64_t{'0'});
    }
    return at > begin ? std::optional(value) : std::nullopt;
  };
  const auto width = number();
  const auto height = number();
  if (!width || !height) {
    return std::nullopt;
  }
  return ImageHeader{ImageFormat::kPnm, *height, *width};
}

/// A tile may be larger than the image; memory is taken for the whole of it.
std::optional<ImageHeader> tiff_header(Bytes bytes) {
  const auto directory = TiffDirectory::read(bytes);
  if (!directory) {
    return std::nullopt;
  }
  const auto size = [&](TiffDirectory::Tag of_image, TiffDirectory::Tag of_tile) {
    return std::max(directory->value(of_image).value_or(0), directory->value(of_tile).value_or(0));
  };
  return ImageHeader{ImageFormat::kTiff, size(TiffDirectory::kHeight, TiffDirectory::kTileHeight),
                     size(TiffDirectory::kWidth, TiffDirectory::kTileWidth)};
}

}  // namespace

std::optional<ImageHeader> read_image_header(Bytes bytes) {
  for (const auto read :
       {jpeg_header, png_header, webp_header, bmp_header, pnm_header, tiff_header}) {
    if (const auto header = read(bytes)) {
      return header;
    }
  }
  return std::nullopt;
}

int webp_orientation(Bytes bytes) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);  // some writers have it, as in a JPEG file
  constexpr size_t kFrame = 8;                        // of a chunk: name and length
  for (size_t at = 12; at + kFrame <= bytes.size();) {
    const uint64_t length = little_endian(bytes, at + 4, 4);
    Bytes data = bytes.subspan(at + kFrame);
    if (length > data.size()) {
      break;
    }
    if (begins(bytes, at, "EXIF")) {
      data = data.first(static_cast<size_t>(length));
      const auto exif =
          TiffDirectory::read(data.subspan(begins(data, 0, kPrefix) ? kPrefix.size() : 0));
      const uint64_t value = exif ? exif->value(TiffDirectory::kOrientation).value_or(1) : 1;
      return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    at += kFrame + static_cast<size_t>(length + length % 2);
  }
  return 1;
}

}  // namespace sanas
