// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/augmentation.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "data/color_jitter.h"
#include "data/resize.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

void check_not_negative(const char* what, int64_t value) {
  constexpr int64_t kLargest = 1 << 16;
  if (value < 0 || value > kLargest) {
    throw ConfigError(std::string(what) + " is " + std::to_string(value) + "; it must be 0 to " +
                      std::to_string(kLargest));
  }
}

// The shortest side that a window of RandomResizedCrop has in an image whose shorter side is 1: a
// window of the smallest area and most extreme ratio in a square image.
double smallest_window() {
  return std::sqrt(RandomResizedCrop::kScale[0] * RandomResizedCrop::kRatio[0]);
}

}  // namespace

AugmentOptions AugmentOptions::none() {
  AugmentOptions options;
  options.crop_padding = 0;
  options.flip = false;
  return options;
}

AugmentOptions AugmentOptions::for_testing() const {
  AugmentOptions options = none();
  options.reduced_decoding = false;  // what is measured does not depend on a shortcut
  if (random_resized_crop > 0) {
    options.resize = random_resized_crop * 8 / 7;
    options.center_crop = random_resized_crop;
  } else {
    options.resize = resize;
    options.center_crop = center_crop;
  }
  return options;
}

Augmentation::Augmentation(const AugmentOptions& options, const DatasetInfo& info)
    : height_(info.height), width_(info.width), cutout_(static_cast<int>(options.cutout)) {
  check_not_negative("crop_padding", options.crop_padding);
  check_not_negative("cutout", options.cutout);
  check_not_negative("random_resized_crop", options.random_resized_crop);
  check_not_negative("resize", options.resize);
  check_not_negative("center_crop", options.center_crop);
  std::transform(info.mean.begin(), info.mean.end(), mean_.begin(),
                 [](double mean) { return static_cast<float>(mean); });

  add_resizing(options, info);
  if (options.crop_padding > 0 && options.random_resized_crop == 0) {
    transforms_.push_back(std::make_unique<PaddedRandomCrop>(options.crop_padding));
  }
  if (options.flip) {
    transforms_.push_back(std::make_unique<RandomHorizontalFlip>());
  }
  if (options.color_jitter != std::array<double, 4>{}) {
    transforms_.push_back(std::make_unique<ColorJitter>(options.color_jitter));
  }
}

void Augmentation::add_resizing(const AugmentOptions& options, const DatasetInfo& info) {
  if (options.random_resized_crop > 0) {
    transforms_.push_back(std::make_unique<RandomResizedCrop>(options.random_resized_crop));
    height_ = width_ = options.random_resized_crop;
    decode_short_side_ =
        static_cast<int64_t>(std::ceil(static_cast<double>(height_) / smallest_window()));
    decode_short_side_ = options.reduced_decoding ? decode_short_side_ : 0;
    return;
  }
  if (options.resize > 0) {
    transforms_.push_back(std::make_unique<ResizeShortSide>(options.resize));
    if (info.height > 0 && info.width > 0) {
      const ImageSize size = short_side_size(info.height, info.width, options.resize);
      height_ = size.height;
      width_ = size.width;
    }
    decode_short_side_ = options.reduced_decoding ? 2 * options.resize : 0;
  }
  if (options.center_crop > 0) {
    transforms_.push_back(std::make_unique<CenterCrop>(options.center_crop));
    height_ = width_ = options.center_crop;
  }
  if (height_ == 0 || width_ == 0) {
    throw ConfigError("the images of data set " + info.name +
                      " vary in size; set random_resized_crop or center_crop");
  }
}

void Augmentation::apply(Image image, CounterRandom random, float* out) const {
  to_float_chw(transformed(std::move(image), random), out);
  if (cutout_ > 0) {
    cutout(out, static_cast<int>(height_), static_cast<int>(width_), cutout_, mean_, random);
  }
}

ImageGeometry Augmentation::place(ImageGeometry geometry) const {
  for (const auto& transform : transforms_) {
    geometry = transform->place(geometry);
  }
  return geometry;
}

Image Augmentation::transformed(Image image) const {
  CounterRandom random(0, 0, 0);  // nobody draws
  return transformed(std::move(image), random);
}

Image Augmentation::transformed(Image image, CounterRandom& random) const {
  for (const auto& transform : transforms_) {
    transform->apply(image, random);
  }
  if (image.height != height_ || image.width != width_ || image.channels != 3) {
    throw DataError("an image comes out as " + std::to_string(image.height) + "×" +
                    std::to_string(image.width) + "×" + std::to_string(image.channels) + ", not " +
                    std::to_string(height_) + "×" + std::to_string(width_) + "×3");
  }
  return image;
}

}  // namespace sanas
