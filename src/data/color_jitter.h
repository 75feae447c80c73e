// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "sanas/data/transform.h"

namespace sanas {

/// The four adjustments on RGB bytes, in place, as torchvision makes them on PIL images (truncation
/// to bytes included). A factor of 1 (hue: a shift of 0) changes nothing, up to the rounding of
/// HSV.
void adjust_brightness(Image& image, double factor);  ///< blend with black
void adjust_contrast(Image& image, double factor);    ///< blend with the mean grey of the image
void adjust_saturation(Image& image, double factor);  ///< blend with the grey image
void adjust_hue(Image& image, double shift);  ///< turn the hue by `shift` circles, |shift| <= 0.5

/// torchvision's ColorJitter: each adjustment with a random factor, in random order.
class ColorJitter : public Transform {
 public:
  /// {brightness, contrast, saturation, hue}: factors are uniform in [max(0, 1-v), 1+v], the hue
  /// shift in [-v, v]. 0 leaves the adjustment out. Throws ConfigError for a negative strength or
  /// a hue above 0.5.
  explicit ColorJitter(const std::array<double, 4>& strengths);

  void apply(Image& image, CounterRandom& random) const override;

 private:
  std::array<double, 4> strengths_;
};

}  // namespace sanas
