// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/image_codec.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include "sanas/core/error.h"

#ifdef SANAS_WITH_OPENCV
#include <zlib.h>

#include <opencv2/core/utility.hpp>
#include <opencv2/imgcodecs.hpp>
#endif

namespace sanas {

bool has_image_extension(const std::filesystem::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".webp";
}

std::optional<JpegHeader> read_jpeg_header(std::span<const uint8_t> bytes) {
  if (bytes.size() < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8) {
    return std::nullopt;
  }
  const auto word = [&](size_t at) { return bytes[at] << 8 | bytes[at + 1]; };
  JpegHeader header;
  size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == 0xFF) {
    const uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    const bool is_frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame && at + 9 <= bytes.size()) {
      header.height = word(at + 5);
      header.width = word(at + 7);
    }
    at += 2 + static_cast<size_t>(word(at + 2));
    if (marker == 0xDA) {
      header.scan_begin = std::min(at, bytes.size());
      break;
    }
  }
  return header.scan_begin > 0 && header.width > 0 ? std::optional(header) : std::nullopt;
}

#ifdef SANAS_WITH_OPENCV
namespace {

constexpr uint64_t kMaxBytes = 1U << 30U;

std::vector<uint8_t> read_bytes(const std::filesystem::path& file) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(file, error);  // of a regular file
  if (error) {
    throw DataError(file.string() + ": cannot be read: " + error.message());
  }
  if (size > kMaxBytes) {
    throw DataError(file.string() + ": is larger than 1 GiB, no image");
  }
  std::vector<uint8_t> bytes(size);
  std::ifstream stream(file, std::ios::binary);
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw DataError(file.string() + ": cannot be read");
  }
  return bytes;
}

// A decoder paints what is missing grey and goes on; the end marker tells.
bool is_truncated_jpeg(std::span<const uint8_t> bytes, const JpegHeader& header) {
  constexpr uint8_t kEnd[] = {0xFF, 0xD9};
  const auto scan = bytes.subspan(header.scan_begin);
  return std::find_end(scan.begin(), scan.end(), std::begin(kEnd), std::end(kEnd)) == scan.end();
}

int decode_flags(const std::optional<JpegHeader>& jpeg, int64_t short_side) {
  if (!jpeg || short_side <= 0) {
    return cv::IMREAD_COLOR;
  }
  const int64_t side = std::min(jpeg->height, jpeg->width);
  if (side / 8 >= short_side) {
    return cv::IMREAD_REDUCED_COLOR_8;
  }
  if (side / 4 >= short_side) {
    return cv::IMREAD_REDUCED_COLOR_4;
  }
  return side / 2 >= short_side ? cv::IMREAD_REDUCED_COLOR_2 : cv::IMREAD_COLOR;
}

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24U | uint32_t{bytes[1]} << 16U | uint32_t{bytes[2]} << 8U |
         uint32_t{bytes[3]};
}

/// A PNG image whose chunks (length, type, data, checksum) do not go on to the last one whole.
/// OpenCV would decode what is there, and libpng complain on standard error.
bool is_damaged_png(const std::vector<uint8_t>& bytes) {
  constexpr std::array<uint8_t, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  constexpr size_t kFrame = 12;  // of a chunk, besides its data
  if (bytes.size() < kSignature.size() ||
      !std::equal(kSignature.begin(), kSignature.end(), bytes.begin())) {
    return false;
  }
  for (size_t at = kSignature.size(); bytes.size() - at >= kFrame;) {
    const uint8_t* chunk = bytes.data() + at;
    const size_t length = big_endian(chunk);
    if (length > bytes.size() - at - kFrame) {
      return true;
    }
    const auto checked = static_cast<uInt>(length + 4);  // type and data
    if (crc32(0, chunk + 4, checked) != big_endian(chunk + 8 + length)) {
      return true;
    }
    if (std::equal(chunk + 4, chunk + 8, "IEND")) {
      return false;
    }
    at += length + kFrame;
  }
  return true;
}

/// Width times height by the header of a JPEG, PNG or WebP file; nothing for other content, which
/// OpenCV might yet know how to decode.
std::optional<uint64_t> count_pixels(const std::vector<uint8_t>& bytes,
                                     const std::optional<JpegHeader>& jpeg) {
  const auto begins = [&](size_t at, std::string_view text) {
    return bytes.size() >= at + text.size() &&
           std::memcmp(&bytes[at], text.data(), text.size()) == 0;
  };
  const auto little_endian = [&](size_t at, int count) {
    uint64_t number = 0;
    for (int i = 0; i < count; ++i) {
      number |= uint64_t{bytes[at + static_cast<size_t>(i)]} << (8 * i);
    }
    return number;
  };
  constexpr size_t kHeaders = 32;  // with less OpenCV does not look at a WebP file
  if (jpeg) {
    return uint64_t{static_cast<uint32_t>(jpeg->width)} * static_cast<uint32_t>(jpeg->height);
  }
  if (begins(0, "\x89PNG") && bytes.size() >= kHeaders) {
    return uint64_t{big_endian(&bytes[16])} * big_endian(&bytes[20]);
  }
  if (!begins(0, "RIFF") || !begins(8, "WEBP") || bytes.size() < kHeaders) {
    return std::nullopt;
  }
  if (begins(12, "VP8 ")) {
    return (little_endian(26, 2) & 0x3FFFU) * (little_endian(28, 2) & 0x3FFFU);
  }
  if (begins(12, "VP8L")) {
    const uint64_t sizes = little_endian(21, 4);
    return ((sizes & 0x3FFFU) + 1) * (((sizes >> 14U) & 0x3FFFU) + 1);
  }
  return (little_endian(24, 3) + 1) * (little_endian(27, 3) + 1);
}

Image from_bgr(const cv::Mat& bgr) {
  Image image(bgr.rows, bgr.cols, 3);
  for (int y = 0; y < bgr.rows; ++y) {
    const uint8_t* in = bgr.ptr<uint8_t>(y);
    uint8_t* out = image.row(y);
    for (int x = 0; x < bgr.cols; ++x, in += 3, out += 3) {
      out[0] = in[2];
      out[1] = in[1];
      out[2] = in[0];
    }
  }
  return image;
}

}  // namespace

bool images_are_decodable() { return true; }

Image decode_image(const std::filesystem::path& file, int64_t short_side) {
  const std::vector<uint8_t> bytes = read_bytes(file);
  const auto jpeg = read_jpeg_header(bytes);
  if (jpeg && is_truncated_jpeg(bytes, *jpeg)) {
    throw DataError(file.string() + ": truncated JPEG image");
  }
  if (is_damaged_png(bytes)) {
    throw DataError(file.string() + ": damaged or truncated PNG image");
  }
  const auto pixels = count_pixels(bytes, jpeg);
  if (!pixels) {
    throw DataError(file.string() + ": cannot be decoded as a JPEG, PNG or WebP image");
  }
  if (*pixels > static_cast<uint64_t>(kMaxPixels)) {
    throw DataError(file.string() + ": an image of " + std::to_string(*pixels) +
                    " pixels; at most " + std::to_string(kMaxPixels) + " are read");
  }
  // What goes wrong is thrown; OpenCV would write it to standard error, too.
  static const auto silenced =
      cv::redirectError([](int, const char*, const char*, const char*, int, void*) { return 0; });
  static_cast<void>(silenced);
  cv::Mat bgr;
  try {
    bgr = cv::imdecode(bytes, decode_flags(jpeg, short_side));
  } catch (const cv::Exception&) {
    bgr.release();
  }
  if (bgr.empty() || bgr.type() != CV_8UC3) {
    throw DataError(file.string() + ": cannot be decoded as an image");
  }
  return from_bgr(bgr);
}

#else

bool images_are_decodable() { return false; }

Image decode_image(const std::filesystem::path& file, int64_t) {
  throw DataError(file.string() + ": this build cannot decode images (no OpenCV)");
}

#endif

}  // namespace sanas
