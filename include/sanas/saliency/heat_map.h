// SPDX-License-Identifier: Apache-2.0
#pragma once

// Saliency maps as pictures: colours, overlays and sheets.

#include <torch/types.h>

#include <string>
#include <vector>

#include "sanas/data/image.h"
#include "sanas/data/image_geometry.h"

namespace sanas {

/// Whether this build can make pictures (it has OpenCV).
bool pictures_are_drawable();

/// Draws grey stripes over everything but a part: there the network does not look.
void hatch_unseen(Image& picture, const PictureWindow& seen);

// Pictures are made with OpenCV; in a build without it, everything below but to_image throws
// FileError.

/// Pixels 3×H×W in [0, 1] as bytes.
Image to_image(const torch::Tensor& pixels);

/// A map H×W in [0, 1] as colours, warm for important.
/// @param color_map one of color_map_names(). Throws ConfigError for another.
Image heat_map(const torch::Tensor& map, const std::string& color_map = "inferno");

/// (1 − a) · image + a · heat map with a = strength · map, so that the image stays to be seen where
/// nothing is important.
/// @param map H×W in [0, 1], of the image's size, as is `heat`.
Image overlay(const Image& image, const Image& heat, const torch::Tensor& map,
              double strength = 0.8);

/// Bilinear resize.
Image resize_image(const Image& image, int height, int width);

/// The width of an image that is scaled to `height`, between one pixel and eight heights: a strip
/// is squeezed, so that a sheet of images stays one.
int tile_width(const Image& image, int height);

/// Images in a grid with a white gap, all scaled to `height` pixels; headings on top, and over each
/// row its caption, unless there are none.
Image contact_sheet(const std::vector<std::vector<Image>>& rows,
                    const std::vector<std::string>& headings, int height = 128,
                    const std::vector<std::string>& captions = {});

/// OpenCV's colour maps by lower-case name.
std::vector<std::string> color_map_names();

/// The bytes of a PNG file.
std::string encode_png(const Image& image);

/// The bytes of a grey PNG file of 16 bits: a map H×W in [0, 1] times 65535.
std::string encode_png16(const torch::Tensor& map);

/// The bytes of a JPEG file. @param quality 1 to 100.
std::string encode_jpeg(const Image& image, int quality = 90);

}  // namespace sanas
