// SPDX-License-Identifier: Apache-2.0
#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "sanas/core/error.h"

namespace sanas {
namespace {

constexpr int kPrecisionBits = 32 - 8 - 2;
constexpr int kHalf = 1 << (kPrecisionBits - 1);

uint8_t to_byte(int sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255)); }

int round_half_up(double value) { return static_cast<int>(std::floor(value + 0.5)); }

// Output element i is the sum over k of weights[i·stride + k] · input[first[i] + k].
struct Filter {
  size_t stride = 0;
  std::vector<int> first;
  std::vector<size_t> count;
  std::vector<int> weights;
};

Filter triangle_filter(const Span& part, int in_size, int out_size) {
  const double scale = part.length / out_size;
  const double support = std::max(scale, 1.0);
  Filter filter;
  filter.stride = static_cast<size_t>(std::ceil(support)) * 2 + 1;
  filter.weights.assign(static_cast<size_t>(out_size) * filter.stride, 0);
  std::vector<double> row(filter.stride);
  for (int i = 0; i < out_size; ++i) {
    const double center = part.begin + (i + 0.5) * scale;
    const int begin = std::max(0, round_half_up(center - support));
    const int end = std::min(in_size, round_half_up(center + support));
    const auto count = static_cast<size_t>(end - begin);
    double sum = 0;
    for (size_t k = 0; k < count; ++k) {
      const double distance =
          std::abs((static_cast<double>(k) + begin - center + 0.5) * (1.0 / support));
      row[k] = std::max(0.0, 1.0 - distance);
      sum += row[k];
    }
    for (size_t k = 0; k < count; ++k) {
      filter.weights[static_cast<size_t>(i) * filter.stride + k] =
          round_half_up(row[k] / sum * (1 << kPrecisionBits));
    }
    filter.first.push_back(begin);
    filter.count.push_back(count);
  }
  return filter;
}

template <int channels>
void resize_row(const uint8_t* in, uint8_t* out, const Filter& filter) {
  for (size_t x = 0; x < filter.count.size(); ++x, out += channels) {
    const int* weights = filter.weights.data() + x * filter.stride;
    const uint8_t* pixel = in + static_cast<ptrdiff_t>(filter.first[x]) * channels;
    int sums[channels];
    std::fill_n(sums, channels, kHalf);
    for (size_t k = 0; k < filter.count[x]; ++k, pixel += channels) {
      for (int c = 0; c < channels; ++c) {
        sums[c] += pixel[c] * weights[k];
      }
    }
    for (int c = 0; c < channels; ++c) {
      out[c] = to_byte(sums[c]);
    }
  }
}

Image resize_width(const Image& image, const Span& columns, int width) {
  const Filter filter = triangle_filter(columns, image.width, width);
  Image out(image.height, width, image.channels);
  for (int y = 0; y < image.height; ++y) {
    if (image.channels == 3) {
      resize_row<3>(image.row(y), out.row(y), filter);
    } else {
      resize_row<1>(image.row(y), out.row(y), filter);
    }
  }
  return out;
}

Image resize_height(const Image& image, const Span& rows, int height) {
  const Filter filter = triangle_filter(rows, image.height, height);
  Image out(height, image.width, image.channels);
  std::vector<int> sums(image.row_bytes());
  for (size_t y = 0; y < filter.count.size(); ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (size_t k = 0; k < filter.count[y]; ++k) {
      const int weight = filter.weights[y * filter.stride + k];
      const uint8_t* in = image.row(filter.first[y] + static_cast<int>(k));
      for (size_t i = 0; i < sums.size(); ++i) {
        sums[i] += in[i] * weight;
      }
    }
    std::transform(sums.begin(), sums.end(), out.row(static_cast<int>(y)), to_byte);
  }
  return out;
}

bool is_whole(const Span& part, int size) { return part.begin == 0.0 && part.length == size; }

}  // namespace

Image resize_bilinear(const Image& image, int height, int width) {
  return resize_bilinear(image, {0.0, static_cast<double>(image.height)},
                         {0.0, static_cast<double>(image.width)}, height, width);
}

Image resize_bilinear(const Image& image, const Span& rows, const Span& columns, int height,
                      int width) {
  const bool keeps_height = height == image.height && is_whole(rows, image.height);
  if (width == image.width && is_whole(columns, image.width)) {
    return keeps_height ? image : resize_height(image, rows, height);
  }
  Image narrowed = resize_width(image, columns, width);
  return keeps_height ? narrowed : resize_height(narrowed, rows, height);
}

ImageSize short_side_size(int64_t height, int64_t width, int64_t side) {
  const auto [short_side, long_side] = std::minmax(height, width);
  const int64_t length = side * long_side / short_side;
  if (length * side > kMaxPixels) {
    throw DataError("an image of " + std::to_string(long_side) + " by " +
                    std::to_string(short_side) + " pixels is too thin to be enlarged to " +
                    std::to_string(side) + " pixels");
  }
  return height <= width ? ImageSize{static_cast<int>(side), static_cast<int>(length)}
                         : ImageSize{static_cast<int>(length), static_cast<int>(side)};
}

Image resize_short_side(const Image& image, int side) {
  const ImageSize size = short_side_size(image.full_height, image.full_width, side);
  const double unit = image.reduction;
  return resize_bilinear(image, {0.0, image.full_height / unit}, {0.0, image.full_width / unit},
                         size.height, size.width);
}

}  // namespace sanas
