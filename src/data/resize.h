// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sanas/data/image.h"

namespace sanas {

/// A part of one axis, in pixels.
struct Span {
  double begin = 0.0;
  double length = 0.0;
};

/// Bilinear resize with anti-aliasing: a triangle filter as wide as the reduction, horizontal pass
/// first, 22-bit fixed-point weights, intermediate rounding to bytes. Equal to Pillow's BILINEAR
/// (what torchvision uses on PIL images) to the last bit.
Image resize_bilinear(const Image& image, int height, int width);

/// The same of a part of the image, as Pillow's resize with a `box`: the filter reads beyond the
/// part where the image goes on.
Image resize_bilinear(const Image& image, const Span& rows, const Span& columns, int height,
                      int width);

struct ImageSize {
  int height = 0;
  int width = 0;
  bool operator==(const ImageSize&) const = default;
};

/// Size of an image of height×width pixels whose shorter side is brought to `side`, and its longer
/// one to int(side · long / short), as by torchvision's Resize(side). Throws DataError for an image
/// so thin that it would have more than kMaxPixels.
ImageSize short_side_size(int64_t height, int64_t width, int64_t side);

/// Brings the whole image, of which `image` may be a reduced decoding, to short_side_size.
Image resize_short_side(const Image& image, int side);

}  // namespace sanas
