// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/transform.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "data/resize.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

void check_size(const char* what, int size, int smallest) {
  if (size < smallest) {
    throw ConfigError(std::string(what) + " is " + std::to_string(size) + "; it must be at least " +
                      std::to_string(smallest));
  }
}

// To the nearest integer, halves to the even one (as Python's round).
int round_half_even(double value) { return static_cast<int>(std::nearbyint(value)); }

/// Of an image that may be a reduced decoding, the window, resized. A window of the whole image
/// need not begin or end between two pixels of the reduced one.
Image resized_window(const Image& image, const RandomResizedCrop::Window& window, int size) {
  if (image.reduction == 1) {
    return resize_bilinear(crop(image, window.top, window.left, window.height, window.width), size,
                           size);
  }
  const int unit = image.reduction;
  const auto above = [unit](int end) { return (end + unit - 1) / unit; };
  const int top = window.top / unit;
  const int left = window.left / unit;
  const Image touched = crop(image, top, left, above(window.top + window.height) - top,
                             above(window.left + window.width) - left);
  const auto span = [unit](int begin, int length, int first) {
    return Span{static_cast<double>(begin) / unit - first, static_cast<double>(length) / unit};
  };
  return resize_bilinear(touched, span(window.top, window.height, top),
                         span(window.left, window.width, left), size, size);
}

int draw_below(int n, CounterRandom& random) {
  return static_cast<int>(random.below(static_cast<uint64_t>(n)));
}

void mirror_row(uint8_t* row, int width, int channels) {
  for (int left = 0, right = width - 1; left < right; ++left, --right) {
    std::swap_ranges(row + static_cast<ptrdiff_t>(left) * channels,
                     row + static_cast<ptrdiff_t>(left + 1) * channels,
                     row + static_cast<ptrdiff_t>(right) * channels);
  }
}

}  // namespace

Image crop(const Image& image, int top, int left, int height, int width) {
  Image window(height, width, image.channels);
  const int first_x = std::max(0, -left);
  const int last_x = std::min(width, image.width - left);
  if (first_x >= last_x) {
    return window;
  }
  const ptrdiff_t channels = image.channels;
  const auto bytes = static_cast<size_t>((last_x - first_x) * channels);
  for (int y = std::max(0, -top); y < std::min(height, image.height - top); ++y) {
    std::memcpy(window.row(y) + first_x * channels,
                image.row(top + y) + (left + first_x) * channels, bytes);
  }
  return window;
}

ImageGeometry Transform::place(const ImageGeometry& /*before*/) const {
  throw std::logic_error("where a random transform puts an image is not known");
}

PaddedRandomCrop::PaddedRandomCrop(int padding) : padding_(padding) {
  check_size("crop padding", padding, 0);
}

void PaddedRandomCrop::apply(Image& image, CounterRandom& random) const {
  const int top = draw_below(2 * padding_ + 1, random) - padding_;
  const int left = draw_below(2 * padding_ + 1, random) - padding_;
  image = crop(image, top, left, image.height, image.width);
}

void RandomHorizontalFlip::apply(Image& image, CounterRandom& random) const {
  if (!random.bernoulli(0.5)) {
    return;
  }
  for (int y = 0; y < image.height; ++y) {
    mirror_row(image.row(y), image.width, image.channels);
  }
}

RandomResizedCrop::RandomResizedCrop(int size) : size_(size) {
  check_size("random resized crop", size, 1);
}

void RandomResizedCrop::apply(Image& image, CounterRandom& random) const {
  image = resized_window(image, draw(image.full_height, image.full_width, random), size_);
}

RandomResizedCrop::Window RandomResizedCrop::draw(int height, int width, CounterRandom& random) {
  const double area = static_cast<double>(height) * width;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * random.uniform(kScale[0], kScale[1]);
    const double ratio = std::exp(random.uniform(std::log(kRatio[0]), std::log(kRatio[1])));
    const int w = round_half_even(std::sqrt(target * ratio));
    const int h = round_half_even(std::sqrt(target / ratio));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const int top = draw_below(height - h + 1, random);
      const int left = draw_below(width - w + 1, random);
      return {top, left, h, w};
    }
  }
  const double ratio = static_cast<double>(width) / height;
  int w = width;
  int h = height;
  if (ratio < kRatio[0]) {
    h = round_half_even(w / kRatio[0]);
  } else if (ratio > kRatio[1]) {
    w = round_half_even(h * kRatio[1]);
  }
  return {(height - h) / 2, (width - w) / 2, h, w};
}

ResizeShortSide::ResizeShortSide(int side) : side_(side) { check_size("resize", side, 1); }

void ResizeShortSide::apply(Image& image, CounterRandom& /*random*/) const {
  image = resize_short_side(image, side_);
}

ImageGeometry ResizeShortSide::place(const ImageGeometry& before) const {
  const ImageSize size = short_side_size(before.height, before.width, side_);
  return before.resized(size.height, size.width);
}

CenterCrop::CenterCrop(int size) : size_(size) { check_size("centre crop", size, 1); }

void CenterCrop::apply(Image& image, CounterRandom& /*random*/) const {
  image = crop(image, center_begin(image.height, size_), center_begin(image.width, size_), size_,
               size_);
}

ImageGeometry CenterCrop::place(const ImageGeometry& before) const {
  return before.window(center_begin(before.height, size_), center_begin(before.width, size_), size_,
                       size_);
}

int center_begin(int64_t extent, int64_t size) {
  return extent < size ? -static_cast<int>((size - extent) / 2)
                       : round_half_even(static_cast<double>(extent - size) / 2.0);
}

void to_float_chw(const Image& image, float* out) {
  const int64_t plane = static_cast<int64_t>(image.height) * image.width;
  const uint8_t* pixels = image.pixels.data();
  for (int c = 0; c < 3; ++c) {
    float* channel = out + c * plane;
    for (int64_t i = 0; i < plane; ++i) {
      channel[i] = static_cast<float>(pixels[3 * i + c]) / 255.0F;
    }
  }
}

void cutout(float* image, int height, int width, int length, const std::array<float, 3>& fill,
            CounterRandom& random) {
  const int top = draw_below(height, random) - length / 2;
  const int left = draw_below(width, random) - length / 2;
  const int first_x = std::max(0, left);
  const int last_x = std::min(width, left + length);
  for (int c = 0; c < 3; ++c) {
    for (int y = std::max(0, top); y < std::min(height, top + length); ++y) {
      float* row = image + (static_cast<int64_t>(c) * height + y) * width;
      std::fill(row + first_x, row + last_x, fill[static_cast<size_t>(c)]);
    }
  }
}

}  // namespace sanas
