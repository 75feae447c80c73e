// SPDX-License-Identifier: Apache-2.0
#include "data/color_jitter.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/data_test_support.h"

namespace sanas {
namespace {

using data_test::crc32;
using data_test::formula_image;

// zlib.crc32 of torchvision.transforms.functional.adjust_… (0.26, PIL images) on the same picture.
template <class Adjust>
uint32_t crc_after(Adjust adjust, double factor) {
  Image image = formula_image(37, 53);
  adjust(image, factor);
  return crc32(image.pixels);
}

TEST(ColorJitter, AdjustmentsAreThoseOfTorchvisionToTheLastBit) {
  struct Case {
    double factor;
    uint32_t brightness, contrast, saturation;
  };
  for (const Case& expected : {Case{0.0, 0x4D8E6680, 0xE9F4AA4D, 0x2F12A679},
                               Case{0.3, 0xAADA068C, 0x1918ACA0, 0x1E13C00C},
                               Case{0.77, 0x83CE92D9, 0x24415753, 0x6DDF17D4},
                               Case{1.0, 0xBA59B7B5, 0xBA59B7B5, 0xBA59B7B5},
                               Case{1.4, 0x3B1B525A, 0x19D94B8A, 0xB4CED061},
                               Case{2.0, 0x65C38646, 0x221E02C3, 0x1C49A3DB}}) {
    EXPECT_EQ(crc_after(adjust_brightness, expected.factor), expected.brightness)
        << expected.factor;
    EXPECT_EQ(crc_after(adjust_contrast, expected.factor), expected.contrast) << expected.factor;
    EXPECT_EQ(crc_after(adjust_saturation, expected.factor), expected.saturation)
        << expected.factor;
  }
}

TEST(ColorJitter, HueIsThatOfTorchvisionToTheLastBit) {
  struct Case {
    double shift;
    uint32_t crc;
  };
  for (const Case& expected :
       {Case{-0.5, 0xDD5E93F1}, Case{-0.2, 0x0B458F38}, Case{-0.05, 0x06E56120},
        Case{0.0, 0xDCF786E5}, Case{0.1, 0x1A28012A}, Case{0.33, 0x5DC17E34},
        Case{0.5, 0xDDF4A9C4}}) {
    EXPECT_EQ(crc_after(adjust_hue, expected.shift), expected.crc) << expected.shift;
  }
}

TEST(ColorJitter, OfNothingChangesNothing) {
  Image image = formula_image(5, 5);
  CounterRandom random(0, 0, 0);
  ColorJitter({0, 0, 0, 0}).apply(image, random);
  EXPECT_EQ(image, formula_image(5, 5));
}

TEST(ColorJitter, RefusesImpossibleStrengths) {
  EXPECT_THROW(ColorJitter({-0.1, 0, 0, 0}), ConfigError);
  EXPECT_THROW(ColorJitter({0, 0, 0, 0.6}), ConfigError);
  EXPECT_THROW(ColorJitter({0, std::nan(""), 0, 0}), ConfigError);
}

// Moments over draws, as they are over 60,000 draws of torchvision's ColorJitter(.4, .4, .4, .2) on
// the same 6×8 picture: channel means over the image, and pixel (2, 3).
TEST(ColorJitter, IsEqualInDistributionToTorchvision) {
  Image source(6, 8, 3);
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 8; ++x) {
      for (int c = 0; c < 3; ++c) {
        source.row(y)[3 * x + c] = static_cast<uint8_t>(x * 29 + y * 17 + c * 70 + 40);
      }
    }
  }
  constexpr double kMean[6] = {127.37111, 124.71249, 119.17954, 142.04248, 189.10940, 56.74648};
  constexpr double kStd[6] = {29.41282, 27.91922, 28.10295, 78.73650, 55.10789, 40.42847};
  constexpr int kDraws = 20'000;
  double sum[6] = {};
  double squares[6] = {};
  const ColorJitter jitter({0.4, 0.4, 0.4, 0.2});
  for (int draw = 0; draw < kDraws; ++draw) {
    Image image = source;
    CounterRandom random(1, 0, draw);
    jitter.apply(image, random);
    double values[6] = {};
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      values[i % 3] += image.pixels[i] / 48.0;
    }
    std::copy_n(image.row(2) + 9, 3, values + 3);
    for (int k = 0; k < 6; ++k) {
      sum[k] += values[k];
      squares[k] += values[k] * values[k];
    }
  }
  for (int k = 0; k < 6; ++k) {
    const double mean = sum[k] / kDraws;
    const double error = kStd[k] * std::sqrt(1.0 / kDraws + 1.0 / 60'000);
    EXPECT_NEAR(mean, kMean[k], 4 * error) << k;
    EXPECT_NEAR(std::sqrt(squares[k] / kDraws - mean * mean), kStd[k], 4 * error) << k;
  }
}

}  // namespace
}  // namespace sanas
