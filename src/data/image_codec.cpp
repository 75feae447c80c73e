// SPDX-License-Identifier: Apache-2.0
#include "data/image_codec.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <streambuf>
#include <string_view>
#include <vector>

#include "sanas/core/error.h"

#ifdef SANAS_WITH_OPENCV
#include <zlib.h>

#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgcodecs.hpp>

#include "data/image_header.h"
#include "data/tiff_directory.h"
#endif

namespace sanas {

std::optional<JpegHeader> read_jpeg_header(std::span<const uint8_t> bytes) {
  if (bytes.size() < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8) {
    return std::nullopt;
  }
  const auto word = [&](size_t at) { return bytes[at] << 8 | bytes[at + 1]; };
  JpegHeader header;
  size_t at = 2;
  while (at + 4 <= bytes.size()) {
    const uint8_t marker = bytes[at + 1];
    if (bytes[at] != 0xFF || marker == 0xFF) {  // rubbish between markers, or a fill byte
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

/// The largest of 1, 2, 4 and 8 by which a JPEG may be reduced and keep that length.
int reduction_for(const JpegHeader& jpeg, int64_t short_side) {
  const int64_t side = std::min(jpeg.height, jpeg.width);
  for (const int reduction : {8, 4, 2}) {
    if (short_side > 0 && side / reduction >= short_side) {
      return reduction;
    }
  }
  return 1;
}

int decode_flag(int reduction) {
  switch (reduction) {
    case 8:
      return cv::IMREAD_REDUCED_COLOR_8;
    case 4:
      return cv::IMREAD_REDUCED_COLOR_4;
    case 2:
      return cv::IMREAD_REDUCED_COLOR_2;
    default:
      return cv::IMREAD_COLOR;
  }
}

/// Notes what the reduced image is of. It may have been turned by a quarter.
void say_reduced(Image& image, const JpegHeader& jpeg, int reduction) {
  const auto reduced = [reduction](int length) { return (length + reduction - 1) / reduction; };
  const bool turned = image.height != reduced(jpeg.height) || image.width != reduced(jpeg.width);
  image.reduction = reduction;
  image.full_height = turned ? jpeg.width : jpeg.height;
  image.full_width = turned ? jpeg.height : jpeg.width;
}

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24U | uint32_t{bytes[1]} << 16U | uint32_t{bytes[2]} << 8U |
         uint32_t{bytes[3]};
}

/// What goes wrong is thrown; OpenCV writes it to standard error, too. While one of these lives,
/// what its thread writes to std::cerr is lost.
class Silence {
 public:
  Silence() {
    prepare();
    is_on_ = true;
  }
  ~Silence() { is_on_ = false; }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  static void prepare() {
    static const bool done = [] {
      cv::redirectError([](int, const char*, const char*, const char*, int, void*) { return 0; });
      std::cerr.rdbuf(new Filter(std::cerr.rdbuf()));  // for good: others write to the end
      return true;
    }();
    static_cast<void>(done);
  }

 private:
  class Filter : public std::streambuf {
   public:
    explicit Filter(std::streambuf* target) : target_(target) {}

   protected:
    int_type overflow(int_type c) override {
      return is_on_ || traits_type::eq_int_type(c, traits_type::eof())
                 ? traits_type::not_eof(c)
                 : target_->sputc(traits_type::to_char_type(c));
    }
    std::streamsize xsputn(const char* text, std::streamsize count) override {
      return is_on_ ? count : target_->sputn(text, count);
    }
    int sync() override { return is_on_ ? 0 : target_->pubsync(); }

   private:
    std::streambuf* target_;
  };

  static thread_local bool is_on_;
};

thread_local bool Silence::is_on_ = false;

/// What of a PNG file makes the picture: the chunks (length, type, data, checksum) that a decoder
/// needs, transparency and orientation. A decoder would complain on standard error of others, e.g.
/// of an old colour profile. Like other decoders it does without the last chunk, which is empty.
/// Nothing where a chunk that is needed is cut or damaged.
std::optional<std::vector<uint8_t>> essence_of_png(const std::vector<uint8_t>& bytes) {
  constexpr size_t kSignature = 8;
  constexpr size_t kFrame = 12;  // of a chunk, besides its data
  constexpr std::array<uint8_t, kFrame> kEnd{0,   0,   0,    0,    'I',  'E',
                                             'N', 'D', 0xAE, 0x42, 0x60, 0x82};
  std::vector<uint8_t> essence(bytes.begin(), bytes.begin() + kSignature);
  bool has_pixels = false;
  bool has_palette = false;
  for (size_t at = kSignature; bytes.size() - at >= kFrame;) {
    const uint8_t* chunk = bytes.data() + at;
    const size_t length = big_endian(chunk);
    const std::string_view type(reinterpret_cast<const char*>(chunk) + 4, 4);
    const bool is_first = at == kSignature;
    const bool is_critical = is_first || (chunk[4] & 0x20U) == 0;
    if (type == "IEND" || length > bytes.size() - at - kFrame) {
      has_pixels = has_pixels && (type == "IEND" || !is_critical);
      break;
    }
    const auto checked = static_cast<uInt>(length + 4);  // type and data
    const bool is_right = crc32(0, chunk + 4, checked) == big_endian(chunk + 8 + length);
    if ((is_critical && !is_right) || (is_first && type != "IHDR")) {
      return std::nullopt;
    }
    if (is_critical || (is_right && (type == "tRNS" || type == "eXIf"))) {
      essence.insert(essence.end(), chunk, chunk + kFrame + length);
    }
    has_pixels = has_pixels || type == "IDAT";
    has_palette = has_palette || type == "PLTE";
    at += length + kFrame;
  }
  essence.insert(essence.end(), kEnd.begin(), kEnd.end());
  constexpr size_t kColorType = 25;
  constexpr uint8_t kPalette = 3;
  const bool is_whole = has_pixels && (has_palette || bytes[kColorType] != kPalette);
  return is_whole ? std::optional(std::move(essence)) : std::nullopt;
}

/// Colours that are not yet multiplied by their transparency are not to be: it is dropped.
void drop_transparency_of_tiff(std::vector<uint8_t>& bytes) {
  constexpr uint64_t kUnassociated = 2;
  constexpr uint8_t kAssociated = 1;
  const auto directory = TiffDirectory::read(bytes);
  if (directory && directory->value(TiffDirectory::kExtraSamples) == kUnassociated) {
    bytes[*directory->lowest_byte(TiffDirectory::kExtraSamples)] = kAssociated;
  }
}

/// By an EXIF orientation, where OpenCV does not do it.
void turn_upright(cv::Mat& picture, int orientation) {
  constexpr int kUpsideDown = 0;
  constexpr int kMirrored = 1;
  constexpr int kHalfTurn = -1;
  if (orientation >= 5) {
    cv::transpose(picture, picture);
  }
  switch (orientation) {
    case 2:
    case 6:
      return cv::flip(picture, picture, kMirrored);
    case 3:
    case 7:
      return cv::flip(picture, picture, kHalfTurn);
    case 4:
    case 8:
      return cv::flip(picture, picture, kUpsideDown);
    default:
      return;
  }
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

bool images_are_decodable() {
  Silence::prepare();  // before there are threads
  return true;
}

Image decode_image(const std::filesystem::path& file, int64_t short_side) {
  const auto fail = [&file](const std::string& why) {
    throw DataError(file.string() + ": " + why);
  };
  std::vector<uint8_t> bytes = read_bytes(file);
  const auto header = read_image_header(bytes);
  if (!header) {
    fail("cannot be decoded as a JPEG, PNG, WebP, BMP, TIFF, PBM, PGM or PPM image");
  }
  if (header->height > 0 && header->width > static_cast<uint64_t>(kMaxPixels) / header->height) {
    fail("an image of " + std::to_string(header->width) + "×" + std::to_string(header->height) +
         " pixels; at most " + std::to_string(kMaxPixels) + " are read");
  }
  if (header->is_animated) {
    fail("cannot be decoded: an animated WebP image; save one of its pictures");
  }
  const auto jpeg = read_jpeg_header(bytes);
  int orientation = 1;
  if (jpeg && is_truncated_jpeg(bytes, *jpeg)) {
    fail("truncated JPEG image");
  } else if (header->format == ImageFormat::kPng) {
    auto essence = essence_of_png(bytes);
    if (!essence) {
      fail("damaged or truncated PNG image");
    }
    bytes = std::move(*essence);
  } else if (header->format == ImageFormat::kTiff) {
    drop_transparency_of_tiff(bytes);
  } else if (header->format == ImageFormat::kWebp) {
    orientation = webp_orientation(bytes);
  }
  const int reduction = jpeg ? reduction_for(*jpeg, short_side) : 1;
  cv::Mat bgr;
  try {
    const Silence silence;
    bgr = cv::imdecode(bytes, decode_flag(reduction));
  } catch (const cv::Exception&) {
    bgr.release();
  }
  if (bgr.empty() || bgr.type() != CV_8UC3) {
    fail("cannot be decoded as an image");
  }
  turn_upright(bgr, orientation);
  Image image = from_bgr(bgr);
  if (reduction > 1) {
    say_reduced(image, *jpeg, reduction);
  }
  return image;
}

#else

bool images_are_decodable() { return false; }

Image decode_image(const std::filesystem::path& file, int64_t) {
  throw DataError(file.string() + ": this build cannot decode images (no OpenCV)");
}

#endif

}  // namespace sanas
