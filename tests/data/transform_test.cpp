// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/transform.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

#include "data/data_test_support.h"

namespace sanas {
namespace {

using data_test::crc32;
using data_test::formula_image;

template <class Step>
Image after(const Step& step, Image image, uint64_t index = 0) {
  CounterRandom random(11, 0, index);
  step.apply(image, random);
  return image;
}

// Chi-square of equally likely outcomes.
double chi_square(const std::vector<int>& counts) {
  double total = 0;
  for (const int count : counts) {
    total += count;
  }
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) {
    sum += (count - expected) * (count - expected) / expected;
  }
  return sum;
}

// zlib.crc32 of torchvision's pad(4) and crop on the same picture.
TEST(Crop, OutsideOfTheImageIsBlack) {
  const Image image = formula_image(37, 53);
  EXPECT_EQ(crc32(crop(image, -4, -4, 37, 53).pixels), 0x4C2EA5D0U);
  EXPECT_EQ(crc32(crop(image, 4, -1, 37, 53).pixels), 0x19F55957U);
  EXPECT_EQ(crop(image, 100, 100, 2, 2), Image(2, 2, 3));
  EXPECT_EQ(crop(image, 0, -60, 2, 2), Image(2, 2, 3));
}

TEST(PaddedRandomCrop, EveryWindowIsEquallyLikely) {
  // A single white pixel in the middle shows the offset: 9×9 windows, 10,000 draws.
  Image dot(9, 9, 3);
  std::fill_n(dot.row(4) + 12, 3, 255);
  std::vector<int> counts(81);
  for (uint64_t index = 0; index < 10'000; ++index) {
    const Image image = after(PaddedRandomCrop(4), dot, index);
    const auto white = std::find(image.pixels.begin(), image.pixels.end(), 255);
    ASSERT_NE(white, image.pixels.end());
    ++counts[(white - image.pixels.begin()) / 3];
  }
  EXPECT_LT(chi_square(counts), 136);  // 80 degrees of freedom, 99.99 % quantile
}

TEST(PaddedRandomCrop, WithoutPaddingChangesNothing) {
  EXPECT_EQ(after(PaddedRandomCrop(0), formula_image(5, 7)), formula_image(5, 7));
  EXPECT_THROW(PaddedRandomCrop(-1), ConfigError);
}

TEST(RandomHorizontalFlip, MirrorsHalfOfTheImages) {
  const Image image = formula_image(4, 7);
  int flips = 0;
  for (uint64_t index = 0; index < 10'000; ++index) {
    const Image result = after(RandomHorizontalFlip(), image, index);
    if (result == image) {
      continue;
    }
    ++flips;
    for (int x = 0; x < 7; ++x) {
      ASSERT_TRUE(
          std::equal(result.row(2) + 3 * x, result.row(2) + 3 * x + 3, image.row(2) + 3 * (6 - x)));
    }
  }
  EXPECT_NEAR(flips, 5000, 4 * 50);
}

// Moments of torchvision's RandomResizedCrop.get_params on 80×100 over 400,000 draws.
TEST(RandomResizedCrop, WindowsAreDistributedAsTorchvisions) {
  constexpr double kMean[4] = {11.27808, 20.19575, 57.43948, 59.68407};
  constexpr double kStd[4] = {11.08187, 15.95625, 15.18946, 18.25642};
  constexpr int kDraws = 100'000;
  double sum[4] = {};
  double squares[4] = {};
  for (uint64_t index = 0; index < kDraws; ++index) {
    CounterRandom random(5, 0, index);
    const auto window = RandomResizedCrop::draw(80, 100, random);
    ASSERT_GE(window.top, 0);
    ASSERT_GE(window.left, 0);
    ASSERT_LE(window.top + window.height, 80);
    ASSERT_LE(window.left + window.width, 100);
    const int values[4] = {window.top, window.left, window.height, window.width};
    for (int k = 0; k < 4; ++k) {
      sum[k] += values[k];
      squares[k] += static_cast<double>(values[k]) * values[k];
    }
  }
  for (int k = 0; k < 4; ++k) {
    const double mean = sum[k] / kDraws;
    const double error = kStd[k] * std::sqrt(1.0 / kDraws + 1.0 / 400'000);
    EXPECT_NEAR(mean, kMean[k], 4 * error) << k;
    EXPECT_NEAR(std::sqrt(squares[k] / kDraws - mean * mean), kStd[k], 4 * error) << k;
  }
}

TEST(RandomResizedCrop, FallsBackToTheCentreOfALongImage) {
  // torchvision on 60×300: 22.869 % of 100,000 draws end in the centred window of ratio 4/3.
  int fallbacks = 0;
  for (uint64_t index = 0; index < 20'000; ++index) {
    CounterRandom random(5, 0, index);
    const auto window = RandomResizedCrop::draw(60, 300, random);
    fallbacks += window.height == 60 && window.width == 80 && window.left == 110 ? 1 : 0;
  }
  EXPECT_NEAR(fallbacks / 20'000.0, 0.22869, 4 * std::sqrt(.22869 * .77131 * (1 / 2e4 + 1 / 1e5)));
  CounterRandom random(0, 0, 0);
  const auto tall = RandomResizedCrop::draw(1000, 1, random);
  EXPECT_EQ(tall.height, 1);
  EXPECT_EQ(tall.top, 499);
}

TEST(RandomResizedCrop, GivesTheRequestedSize) {
  const Image image = after(RandomResizedCrop(24), formula_image(37, 53));
  EXPECT_EQ(image.height, 24);
  EXPECT_EQ(image.width, 24);
  EXPECT_THROW(RandomResizedCrop(0), ConfigError);
}

// zlib.crc32 of torchvision's center_crop: even and odd margins, and sizes beyond the image.
/// A smooth picture with details of some ten pixels, in which a shift of one shows.
Image waves(int height, int width) {
  Image image(height, width, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double value = std::sin(0.13 * x + c) * std::cos(0.11 * y) * 100.0 + 127.0;
        image.row(y)[3 * x + c] = static_cast<uint8_t>(std::lround(value));
      }
    }
  }
  return image;
}

/// As a decoder reduces a JPEG: the means of squares, the last ones cut.
Image reduced(const Image& image, int unit) {
  Image result((image.height + unit - 1) / unit, (image.width + unit - 1) / unit, 3);
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        int sum = 0;
        int count = 0;
        for (int v = y * unit; v < std::min(image.height, (y + 1) * unit); ++v) {
          for (int u = x * unit; u < std::min(image.width, (x + 1) * unit); ++u, ++count) {
            sum += image.row(v)[3 * u + c];
          }
        }
        result.row(y)[3 * x + c] = static_cast<uint8_t>((sum + count / 2) / count);
      }
    }
  }
  result.reduction = unit;
  result.full_height = image.height;
  result.full_width = image.width;
  return result;
}

void expect_alike(const Image& a, const Image& b) {
  ASSERT_EQ(a.height, b.height);
  ASSERT_EQ(a.width, b.width);
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    sum += std::abs(a.pixels[i] - b.pixels[i]);
    ASSERT_NEAR(a.pixels[i], b.pixels[i], 25) << "byte " << i;  // at the edges of a window
  }
  EXPECT_LT(sum / static_cast<double>(a.pixels.size()), 4.0);  // half a pixel aside: 20 and more
}

// Sizes that no unit divides: by those of the reduced pictures the results would be others.
TEST(RandomResizedCrop, OfAReducedPictureIsTheWindowOfTheWholeOne) {
  for (const auto& [height, width, unit] :
       {std::tuple{257, 383, 2}, std::tuple{387, 261, 4}, std::tuple{519, 777, 8}}) {
    const Image whole = waves(height, width);
    const Image part = reduced(whole, unit);
    for (uint64_t index = 0; index < 20; ++index) {
      expect_alike(after(RandomResizedCrop(16), part, index),
                   after(RandomResizedCrop(16), whole, index));
    }
  }
}

TEST(ResizeShortSide, OfAReducedPictureHasTheSizeOfTheWholeOne) {
  for (const auto& [height, width, unit] :
       {std::tuple{517, 1026, 4}, std::tuple{1026, 517, 4}, std::tuple{129, 257, 2}}) {
    const Image whole = waves(height, width);
    expect_alike(after(ResizeShortSide(61), reduced(whole, unit)),
                 after(ResizeShortSide(61), whole));
  }
}

TEST(CenterCrop, IsThatOfTorchvision) {
  struct Case {
    int height, width, size;
    uint32_t crc;
  };
  for (const Case& expected :
       {Case{37, 53, 16, 0x100D6491}, Case{37, 53, 24, 0xE6DE3461}, Case{37, 53, 37, 0x0F39E516},
        Case{37, 53, 45, 0x8F7F0860}, Case{37, 53, 60, 0x0CB61817}, Case{38, 53, 15, 0x604242A7}}) {
    const Image image =
        after(CenterCrop(expected.size), formula_image(expected.height, expected.width));
    EXPECT_EQ(crc32(image.pixels), expected.crc) << expected.size;
  }
}

TEST(ToFloat, DividesBy255AndSeparatesTheChannels) {
  const Image image = formula_image(37, 53);
  std::vector<float> planes(image.pixels.size());
  to_float_chw(image, planes.data());
  const size_t pixel = 3 * 53 + 5;
  // torchvision's to_tensor at row 3, column 5.
  EXPECT_EQ(planes[pixel], 0.47058823704719543F);
  EXPECT_EQ(planes[37 * 53 + pixel], 0.6666666865348816F);
  EXPECT_EQ(planes[2 * 37 * 53 + pixel], 0.8627451062202454F);
}

// The number of filled pixels tells the distance of the centre from the border.
TEST(Cutout, FillsAClippedSquareAroundAUniformCentre) {
  constexpr int kSide = 12;
  constexpr int kLength = 4;
  constexpr std::array<float, 3> kFill{0.25F, 0.5F, 0.75F};
  std::map<std::pair<int, int>, int> counts;  // first filled row and column
  std::vector<int> area(kLength * kLength + 1);
  for (uint64_t index = 0; index < 10'000; ++index) {
    std::vector<float> image(3 * kSide * kSide, 2.0F);
    CounterRandom random(2, 0, index);
    cutout(image.data(), kSide, kSide, kLength, kFill, random);
    int filled = 0;
    int first = -1;
    for (int i = 0; i < kSide * kSide; ++i) {
      const bool is_filled = image[i] == kFill[0];
      ASSERT_EQ(image[i], is_filled ? kFill[0] : 2.0F);
      ASSERT_EQ(image[kSide * kSide + i], is_filled ? kFill[1] : 2.0F);
      ASSERT_EQ(image[2 * kSide * kSide + i], is_filled ? kFill[2] : 2.0F);
      filled += is_filled ? 1 : 0;
      first = is_filled && first < 0 ? i : first;
    }
    ++area[filled];
    ++counts[{first / kSide, first % kSide}];
  }
  // Rows [y-2, y+2): y = 0 leaves 2 rows, 1 leaves 3, 2…10 all 4, 11 leaves 3 (of 12 values of y).
  const auto expect_share = [&](int pixels, double share) {
    EXPECT_NEAR(area[pixels] / 1e4, share / 144, 4 * std::sqrt(share / 144 / 1e4)) << pixels;
  };
  expect_share(16, 81);
  expect_share(12, 2 * 9 * 2);
  expect_share(9, 4);
  expect_share(8, 2 * 9);
  expect_share(6, 2 * 2);
  expect_share(4, 1);
  // A square that begins at row 3, column 7 has its centre at (5, 9), one of 144.
  EXPECT_NEAR((counts[{3, 7}]), 1e4 / 144, 4 * std::sqrt(1e4 / 144));
  EXPECT_NEAR((counts[{0, 0}]), 9 * 1e4 / 144, 4 * std::sqrt(9 * 1e4 / 144));
}

}  // namespace
}  // namespace sanas
