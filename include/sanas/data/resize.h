// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sanas/data/image.h"

namespace sanas {

/// Bilinear resize with anti-aliasing: a triangle filter as wide as the reduction, horizontal pass
/// first, 22-bit fixed-point weights, intermediate rounding to bytes. Equal to Pillow's BILINEAR
/// (what torchvision uses on PIL images) to the last bit.
Image resize_bilinear(const Image& image, int height, int width);

/// Scales so that the shorter side becomes `side` and the longer one int(side · long / short), as
/// torchvision's Resize(side). Throws DataError for an image so thin that more than kMaxPixels
/// would come of it.
Image resize_short_side(const Image& image, int side);

}  // namespace sanas
