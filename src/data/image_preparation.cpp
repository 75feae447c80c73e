// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/image_preparation.h"

#include <utility>

#include "data/resize.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

DatasetInfo info_of(const PictureSize& pictures) {
  DatasetInfo info;
  info.name = "pictures";
  info.height = pictures.height;
  info.width = pictures.width;
  return info;
}

/// The smallest size of the picture's proportions that fills height×width.
ImageSize filling_size(const Image& picture, int64_t height, int64_t width) {
  const int64_t by_height = height * picture.width;
  const int64_t by_width = width * picture.height;
  const auto [new_height, new_width] = by_height >= by_width
                                           ? std::pair{height, by_height / picture.height}
                                           : std::pair{by_width / picture.width, width};
  if (new_height * new_width > kMaxPixels) {
    throw DataError("an image of " + std::to_string(picture.width) + "×" +
                    std::to_string(picture.height) + " pixels is too thin to fill " +
                    std::to_string(width) + "×" + std::to_string(height));
  }
  return {static_cast<int>(new_height), static_cast<int>(new_width)};
}

void resize(PreparedImage& prepared, const ImageSize& size) {
  prepared.image = resize_bilinear(prepared.image, size.height, size.width);
  prepared.geometry = prepared.geometry.resized(size.height, size.width);
}

/// The middle, with black around it where it is larger than the image.
void take_middle(PreparedImage& prepared, int64_t height, int64_t width) {
  const int top = center_begin(prepared.image.height, height);
  const int left = center_begin(prepared.image.width, width);
  prepared.image =
      crop(prepared.image, top, left, static_cast<int>(height), static_cast<int>(width));
  prepared.geometry = prepared.geometry.window(top, left, height, width);
}

std::string size_text(int64_t height, int64_t width) {
  return std::to_string(width) + "×" + std::to_string(height);
}

}  // namespace

ImagePreparation::ImagePreparation(const AugmentOptions& augment, const PictureSize& pictures)
    : options_(augment.for_testing()), pictures_(pictures), testing_(options_, info_of(pictures)) {}

PreparedImage ImagePreparation::operator()(Image picture) const {
  PreparedImage prepared = as_of_data_set(std::move(picture));
  prepared.geometry = testing_.place(prepared.geometry);
  prepared.image = testing_.transformed(std::move(prepared.image));
  return prepared;
}

PreparedImage ImagePreparation::as_of_data_set(Image picture) const {
  PreparedImage prepared{std::move(picture), {}};
  const Image& image = prepared.image;
  prepared.geometry = ImageGeometry::of(image.height, image.width);
  const auto& [height, width, frame] = pictures_;
  if (height == 0 || width == 0 || (image.height == height && image.width == width)) {
    return prepared;
  }
  const int64_t inner_height = height - 2 * frame;
  const int64_t inner_width = width - 2 * frame;
  if (image.height > inner_height || image.width > inner_width) {
    resize(prepared, filling_size(image, inner_height, inner_width));
    take_middle(prepared, inner_height, inner_width);
  }
  take_middle(prepared, height, width);
  return prepared;
}

std::string ImagePreparation::description() const {
  const auto& [height, width, frame] = pictures_;
  std::string text;
  const auto add = [&text](const std::string& step) { text += (text.empty() ? "" : ", ") + step; };
  if (height > 0 && width > 0) {
    add("other sizes than " + size_text(height, width) +
        " framed where smaller, otherwise resized and cropped in the middle to " +
        size_text(height - 2 * frame, width - 2 * frame) + (frame > 0 ? " and framed" : ""));
  }
  if (options_.resize > 0) {
    add("shorter side resized to " + std::to_string(options_.resize));
  }
  if (options_.center_crop > 0) {
    add("the middle of " + size_text(options_.center_crop, options_.center_crop) + " cropped");
  }
  return text;
}

}  // namespace sanas
