// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/heat_map.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sanas/core/error.h"
#include "sanas/core/text.h"

#ifdef SANAS_WITH_OPENCV
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#endif

namespace sanas {

Image to_image(const torch::Tensor& pixels) {
  TORCH_CHECK(pixels.dim() == 3 && pixels.size(0) == 3, "expected 3×H×W, not ", pixels.sizes());
  const auto bytes = (pixels.detach().to(torch::kCPU, torch::kFloat32).clamp(0, 1) * 255)
                         .round()
                         .to(torch::kUInt8)
                         .permute({1, 2, 0})
                         .contiguous();
  Image image(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)), 3);
  std::copy_n(bytes.data_ptr<uint8_t>(), bytes.numel(), image.pixels.begin());
  return image;
}

void hatch_unseen(Image& picture, const PictureWindow& seen) {
  constexpr uint8_t kDark = 90;
  constexpr uint8_t kLight = 170;
  // Broad enough to show in a sheet, where a picture is some hundred pixels high.
  const int stripe = std::max(1, std::min(picture.height, picture.width) / 24);
  for (int y = 0; y < picture.height; ++y) {
    const bool row_is_seen = y >= seen.top && y < seen.top + seen.height;
    uint8_t* pixel = picture.row(y);
    for (int x = 0; x < picture.width; ++x, pixel += picture.channels) {
      if (!row_is_seen || x < seen.left || x >= seen.left + seen.width) {
        std::fill_n(pixel, picture.channels, (x + y) / stripe % 2 == 0 ? kDark : kLight);
      }
    }
  }
}

#ifdef SANAS_WITH_OPENCV

bool pictures_are_drawable() { return true; }

namespace {

/// OpenCV's view of an image; shares memory.
cv::Mat view(const Image& image) {
  return {image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.pixels.data())};
}

Image from_mat(const cv::Mat& mat) {
  Image image(mat.rows, mat.cols, 3);
  mat.copyTo(view(image));
  return image;
}

const std::vector<std::pair<std::string, int>>& color_maps() {
  static const std::vector<std::pair<std::string, int>> all{
      {"autumn", cv::COLORMAP_AUTUMN},
      {"bone", cv::COLORMAP_BONE},
      {"jet", cv::COLORMAP_JET},
      {"winter", cv::COLORMAP_WINTER},
      {"rainbow", cv::COLORMAP_RAINBOW},
      {"ocean", cv::COLORMAP_OCEAN},
      {"summer", cv::COLORMAP_SUMMER},
      {"spring", cv::COLORMAP_SPRING},
      {"cool", cv::COLORMAP_COOL},
      {"hsv", cv::COLORMAP_HSV},
      {"pink", cv::COLORMAP_PINK},
      {"hot", cv::COLORMAP_HOT},
      {"parula", cv::COLORMAP_PARULA},
      {"magma", cv::COLORMAP_MAGMA},
      {"inferno", cv::COLORMAP_INFERNO},
      {"plasma", cv::COLORMAP_PLASMA},
      {"viridis", cv::COLORMAP_VIRIDIS},
      {"cividis", cv::COLORMAP_CIVIDIS},
      {"twilight", cv::COLORMAP_TWILIGHT},
      {"turbo", cv::COLORMAP_TURBO},
      {"twilight_shifted", cv::COLORMAP_TWILIGHT_SHIFTED},
      {"deepgreen", cv::COLORMAP_DEEPGREEN}};
  return all;
}

cv::Mat to_bgr(const Image& image) {
  cv::Mat bgr;
  cv::cvtColor(view(image), bgr, cv::COLOR_RGB2BGR);
  return bgr;
}

std::string encode(const char* extension, const cv::Mat& mat,
                   const std::vector<int>& parameters = {}) {
  std::vector<uint8_t> bytes;
  bool done = false;
  try {
    done = cv::imencode(extension, mat, bytes, parameters);
  } catch (const cv::Exception&) {  // as good as false
  }
  if (!done) {
    throw FileError("a picture of " + std::to_string(mat.cols) + "×" + std::to_string(mat.rows) +
                    " pixels can't be encoded as " + (extension + 1));
  }
  return {bytes.begin(), bytes.end()};
}

int find_color_map(const std::string& name) {
  for (const auto& [known, id] : color_maps()) {
    if (known == name) {
      return id;
    }
  }
  throw ConfigError("unknown colour map '" + name + "', did you mean '" +
                    nearest(name, color_map_names()) + "'?");
}

}  // namespace

Image heat_map(const torch::Tensor& map, const std::string& color_map) {
  TORCH_CHECK(map.dim() == 2, "expected H×W, not ", map.sizes());
  const int id = find_color_map(color_map);
  const auto bytes = (map.detach().to(torch::kCPU, torch::kFloat32).clamp(0, 1) * 255)
                         .round()
                         .to(torch::kUInt8)
                         .contiguous();
  const cv::Mat grey(static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1)), CV_8UC1,
                     bytes.data_ptr<uint8_t>());
  cv::Mat colored;
  cv::applyColorMap(grey, colored, id);
  cv::cvtColor(colored, colored, cv::COLOR_BGR2RGB);
  return from_mat(colored);
}

Image resize_image(const Image& image, int height, int width) {
  cv::Mat resized;
  cv::resize(view(image), resized, {width, height}, 0, 0, cv::INTER_LINEAR);
  return from_mat(resized);
}

Image overlay(const Image& image, const Image& heat, const torch::Tensor& map, double strength) {
  const auto shares =
      (map.detach().to(torch::kCPU, torch::kFloat32).clamp(0, 1) * strength).contiguous();
  TORCH_CHECK(shares.size(0) == image.height && shares.size(1) == image.width &&
                  heat.height == image.height && heat.width == image.width,
              "an overlay of three sizes");
  Image mixed = image;
  const float* share = shares.const_data_ptr<float>();
  for (size_t i = 0; i < mixed.pixels.size(); ++i) {
    const float a = share[i / 3];
    mixed.pixels[i] = static_cast<uint8_t>(std::lround(
        (1.0F - a) * static_cast<float>(image.pixels[i]) + a * static_cast<float>(heat.pixels[i])));
  }
  return mixed;
}

int tile_width(const Image& image, int height) {
  constexpr int64_t kWidest = 8;  // of a strip, in heights: a sheet has to stay a picture
  const int64_t width = int64_t{image.width} * height / image.height;
  return static_cast<int>(std::clamp<int64_t>(width, 1, kWidest * height));
}

Image contact_sheet(const std::vector<std::vector<Image>>& rows,
                    const std::vector<std::string>& headings, int height,
                    const std::vector<std::string>& captions) {
  constexpr int kGap = 6;
  constexpr int kHeading = 24;
  constexpr double kFontSize = 0.45;
  TORCH_CHECK(!rows.empty() && !rows.front().empty(), "a sheet needs images");
  TORCH_CHECK(captions.empty() || captions.size() == rows.size(), "one caption per row");
  const auto text_width = [&](const std::string& text) {
    int baseline = 0;
    return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, kFontSize, 1, &baseline).width;
  };
  std::vector<std::vector<cv::Mat>> scaled;
  std::vector<int> widths(headings.size(), 0);
  for (size_t c = 0; c < headings.size(); ++c) {
    widths[c] = text_width(headings[c]);
  }
  for (const auto& row : rows) {
    TORCH_CHECK(row.size() == headings.size(), row.size(), " images under ", headings.size(),
                " headings");
    auto& line = scaled.emplace_back();
    for (size_t c = 0; c < row.size(); ++c) {
      const int width = tile_width(row[c], height);
      cv::Mat resized;
      cv::resize(view(row[c]), resized, {width, height}, 0, 0,
                 row[c].height < height ? cv::INTER_NEAREST : cv::INTER_AREA);
      widths[c] = std::max(widths[c], width);
      line.push_back(resized);
    }
  }
  int total_width = kGap;
  for (const int width : widths) {
    total_width += width + kGap;
  }
  for (const auto& caption : captions) {
    total_width = std::max(total_width, text_width(caption) + 2 * kGap);
  }
  const int above = captions.empty() ? 0 : kHeading;
  const int row_height = above + height + kGap;
  cv::Mat sheet(kHeading + static_cast<int>(rows.size()) * row_height, total_width, CV_8UC3,
                cv::Scalar(255, 255, 255));
  const auto write = [&](const std::string& text, int x, int bottom) {
    cv::putText(sheet, text, {x, bottom - 8}, cv::FONT_HERSHEY_SIMPLEX, kFontSize,
                cv::Scalar(0, 0, 0), 1, cv::LINE_AA);
  };
  for (size_t r = 0; r < captions.size(); ++r) {
    write(captions[r], kGap, kHeading + static_cast<int>(r) * row_height + above);
  }
  int x = kGap;
  for (size_t c = 0; c < headings.size(); ++c) {
    write(headings[c], x, kHeading);
    for (size_t r = 0; r < scaled.size(); ++r) {
      const cv::Mat& tile = scaled[r][c];
      const int y = kHeading + static_cast<int>(r) * row_height + above;
      tile.copyTo(sheet(cv::Rect(x, y, tile.cols, tile.rows)));
    }
    x += widths[c] + kGap;
  }
  return from_mat(sheet);
}

std::vector<std::string> color_map_names() {
  std::vector<std::string> names;
  for (const auto& [name, id] : color_maps()) {
    names.push_back(name);
  }
  return names;
}

std::string encode_png(const Image& image) { return encode(".png", to_bgr(image)); }

std::string encode_png16(const torch::Tensor& map) {
  TORCH_CHECK(map.dim() == 2, "expected H×W, not ", map.sizes());
  constexpr double kLargest = 65535.0;
  const auto levels = (map.detach().to(torch::kCPU, torch::kDouble).clamp(0, 1) * kLargest).round();
  const auto bits = levels.to(torch::kInt32).to(torch::kUInt16).contiguous();
  return encode(".png", cv::Mat(static_cast<int>(bits.size(0)), static_cast<int>(bits.size(1)),
                                CV_16UC1, bits.mutable_data_ptr()));
}

std::string encode_jpeg(const Image& image, int quality) {
  return encode(".jpg", to_bgr(image), {cv::IMWRITE_JPEG_QUALITY, quality});
}

#else

bool pictures_are_drawable() { return false; }

namespace {

[[noreturn]] void no_opencv() {
  throw FileError(
      "this build has no OpenCV and can't make pictures: configure with "
      "-DSANAS_WITH_OPENCV=ON");
}

}  // namespace

Image heat_map(const torch::Tensor&, const std::string&) { no_opencv(); }
Image overlay(const Image&, const Image&, const torch::Tensor&, double) { no_opencv(); }
Image resize_image(const Image&, int, int) { no_opencv(); }
int tile_width(const Image&, int) { no_opencv(); }
Image contact_sheet(const std::vector<std::vector<Image>>&, const std::vector<std::string>&, int,
                    const std::vector<std::string>&) {
  no_opencv();
}
std::vector<std::string> color_map_names() { return {}; }
std::string encode_png(const Image&) { no_opencv(); }
std::string encode_png16(const torch::Tensor&) { no_opencv(); }
std::string encode_jpeg(const Image&, int) { no_opencv(); }

#endif

}  // namespace sanas
