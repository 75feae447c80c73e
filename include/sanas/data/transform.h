// SPDX-License-Identifier: Apache-2.0
#pragma once

// The steps of image augmentation: crop, flip, resize, colour jitter, cutout.

#include <array>
#include <cstdint>

#include "sanas/core/random.h"
#include "sanas/data/image.h"
#include "sanas/data/image_geometry.h"

namespace sanas {

/// A step on image bytes. Const and free of state, so that all workers share one object; whatever
/// it draws comes from the random stream of the sample.
class Transform {
 public:
  virtual ~Transform() = default;
  virtual void apply(Image& image, CounterRandom& random) const = 0;

  /// Where the pixels come to lie after this step, given where they lay before it. Only for steps
  /// without chance, which are those of testing.
  virtual ImageGeometry place(const ImageGeometry& before) const;
};

/// A black frame of `padding` pixels around the image, then a random window of the image's own
/// size: every one of the (2·padding+1)² windows is equally likely.
class PaddedRandomCrop : public Transform {
 public:
  /// Throws ConfigError for a negative padding.
  explicit PaddedRandomCrop(int padding);
  void apply(Image& image, CounterRandom& random) const override;

 private:
  int padding_;
};

/// Mirrors left and right with probability 1/2.
class RandomHorizontalFlip : public Transform {
 public:
  void apply(Image& image, CounterRandom& random) const override;
};

/// A random window, resized to size×size: its area is a share in `scale` of the image's, its aspect
/// ratio log-uniform in `ratio`. As torchvision: ten attempts, then the largest centred window
/// whose ratio is allowed. The window is one of the whole image, also where that was decoded at a
/// part of its size.
class RandomResizedCrop : public Transform {
 public:
  struct Window {
    int top = 0, left = 0, height = 0, width = 0;
  };

  /// Throws ConfigError unless size > 0.
  explicit RandomResizedCrop(int size);
  void apply(Image& image, CounterRandom& random) const override;

  /// Draws the window for an image of the given size.
  static Window draw(int height, int width, CounterRandom& random);

  static constexpr std::array<double, 2> kScale{0.08, 1.0};
  static constexpr std::array<double, 2> kRatio{3.0 / 4.0, 4.0 / 3.0};

 private:
  int size_;
};

/// Scales the shorter side to a length (resize_short_side).
class ResizeShortSide : public Transform {
 public:
  /// Throws ConfigError unless side > 0.
  explicit ResizeShortSide(int side);
  void apply(Image& image, CounterRandom& random) const override;
  ImageGeometry place(const ImageGeometry& before) const override;

 private:
  int side_;
};

/// The size×size window in the middle, with black where the image is smaller, as torchvision.
class CenterCrop : public Transform {
 public:
  /// Throws ConfigError unless size > 0.
  explicit CenterCrop(int size);
  void apply(Image& image, CounterRandom& random) const override;
  ImageGeometry place(const ImageGeometry& before) const override;

 private:
  int size_;
};

/// Where the window of CenterCrop begins on an axis of `extent` pixels: as torchvision's
/// int(round((extent − size) / 2)), and where the image is smaller, behind the
/// floor((size − extent) / 2) black pixels that are added first (a negative number).
int center_begin(int64_t extent, int64_t size);

/// Cuts a window out; what lies outside of the image is black. `top` and `left` may be negative.
Image crop(const Image& image, int top, int left, int height, int width);

/// Writes an H×W×3 image as 3×H×W floats byte/255 to `out`.
void to_float_chw(const Image& image, float* out);

/// Cutout (DeVries & Taylor 2017) on a 3×H×W float image: a square of side `length` around a centre
/// that is uniform over the pixels, rows [y-length/2, y-length/2+length) and columns alike, clipped
/// at the border, is filled with the colour `fill`. With the mean of the data set as fill, the
/// network's normalisation turns it into zero, as in darts-family §4.
void cutout(float* image, int height, int width, int length, const std::array<float, 3>& fill,
            CounterRandom& random);

}  // namespace sanas
