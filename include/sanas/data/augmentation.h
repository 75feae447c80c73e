// SPDX-License-Identifier: Apache-2.0
#pragma once

// The options of image augmentation, and the chain of transforms that they describe.

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sanas/data/dataset.h"
#include "sanas/data/transform.h"

namespace sanas {

/// Which transforms to apply, in this order: random resized crop, or else resize and centre crop;
/// padded random crop (not after a random resized crop); flip; colour jitter; cutout.
/// The defaults are those of a CIFAR search (darts-family §4).
struct AugmentOptions {
  int64_t crop_padding = 4;         ///< pixels of black frame before a random crop; 0: off
  bool flip = true;                 ///< mirror half of the images
  int64_t cutout = 0;               ///< side of the square in pixels; 0: off
  int64_t random_resized_crop = 0;  ///< output side in pixels; 0: off
  std::array<double, 4> color_jitter{0, 0, 0,
                                     0};  ///< brightness, contrast, saturation, hue; 0: off
  int64_t resize = 0;                     ///< length of the shorter side; 0: off
  int64_t center_crop = 0;                ///< output side in pixels; 0: off
  /// Whether large JPEG files may be decoded at a half, a quarter or an eighth of their size: much
  /// faster, and nearly the same picture.
  bool reduced_decoding = true;

  /// No transform at all.
  static AugmentOptions none();

  /// What goes with these options when testing: nothing random, images of the same size, each file
  /// decoded in full. A random resized crop of S becomes a resize to S·8/7 and a centre crop of S
  /// (224: 256, 224).
  AugmentOptions for_testing() const;
};

/// The transforms of AugmentOptions for one data set, from bytes to a float image.
class Augmentation {
 public:
  /// Throws ConfigError for a negative size, or where the images would come out in different sizes.
  Augmentation(const AugmentOptions& options, const DatasetInfo& info);

  /// Size of the images that come out, in pixels.
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }

  /// How long the shorter side of the image must be that goes in (0: give the full image): where
  /// the target is much smaller than the file, a reduced decoding looks the same. All sizes and
  /// windows are those of the full image all the same.
  int64_t decode_short_side() const { return decode_short_side_; }

  /// Writes the transformed image to `out`: 3×height()×width() floats in [0, 1], not normalised.
  /// Throws DataError where the image does not have the size that the data set promised.
  void apply(Image image, CounterRandom random, float* out) const;

  /// The transformed image as bytes, for transforms without chance. Throws DataError as apply does.
  Image transformed(Image image) const;

  /// Where the pixels come to lie, given where they lay before. For transforms without chance.
  ImageGeometry place(ImageGeometry geometry) const;

 private:
  Image transformed(Image image, CounterRandom& random) const;
  void add_resizing(const AugmentOptions& options, const DatasetInfo& info);

  std::vector<std::unique_ptr<Transform>> transforms_;
  int64_t height_ = 0;
  int64_t width_ = 0;
  int64_t decode_short_side_ = 0;
  int cutout_ = 0;
  std::array<float, 3> mean_{};
};

}  // namespace sanas
