// SPDX-License-Identifier: Apache-2.0
#include "data/resize.h"

#include <gtest/gtest.h>

#include "data/data_test_support.h"
#include "sanas/core/error.h"
#include "sanas/data/transform.h"

namespace sanas {
namespace {

using data_test::crc32;
using data_test::formula_image;

// All sums in this file are zlib.crc32 of what torchvision 0.26 with Pillow gives on the picture of
// formula_image(37, 53).
TEST(Resize, FormulaImageIsThePictureOfTheReference) {
  EXPECT_EQ(crc32(formula_image(37, 53).pixels), 0xBA59B7B5U);
}

TEST(Resize, IsTheBilinearFilterOfTorchvisionToTheLastBit) {
  struct Case {
    int height, width;
    uint32_t crc;
  };
  const Image image = formula_image(37, 53);
  for (const Case& expected :
       {Case{16, 16, 0x3C1871C1}, Case{20, 53, 0xBBB1EFAF}, Case{37, 24, 0x0873D446},
        Case{74, 106, 0x1835E553}, Case{50, 11, 0x87283337}, Case{1, 1, 0x92F420F0},
        Case{224, 224, 0xD4F39BD7}, Case{37, 53, 0xBA59B7B5}}) {
    const Image resized = resize_bilinear(image, expected.height, expected.width);
    EXPECT_EQ(resized.height, expected.height);
    EXPECT_EQ(resized.width, expected.width);
    EXPECT_EQ(crc32(resized.pixels), expected.crc) << expected.height << "×" << expected.width;
  }
}

TEST(Resize, ShortSideKeepsTheProportions) {
  struct Case {
    int side, height, width;
    uint32_t crc;
  };
  for (const Case& expected :
       {Case{16, 16, 22, 0x69BFE1E4}, Case{37, 37, 53, 0xBA59B7B5}, Case{64, 64, 91, 0x09A024B3}}) {
    const Image resized = resize_short_side(formula_image(37, 53), expected.side);
    EXPECT_EQ(resized.height, expected.height);
    EXPECT_EQ(resized.width, expected.width);
    EXPECT_EQ(crc32(resized.pixels), expected.crc) << expected.side;
  }
  const Image portrait = resize_short_side(formula_image(53, 37), 20);
  EXPECT_EQ(portrait.height, 28);
  EXPECT_EQ(portrait.width, 20);
  EXPECT_EQ(crc32(portrait.pixels), 0x9B394F4BU);
}

TEST(Resize, OfACropIsTorchvisionsResizedCrop) {
  const Image window = crop(formula_image(37, 53), 5, 7, 20, 30);
  EXPECT_EQ(crc32(resize_bilinear(window, 16, 16).pixels), 0x99937ECBU);
}

TEST(Resize, GreyImagesFollowTheSameFilter) {
  const Image colour = formula_image(37, 53);
  Image grey(37, 53, 1);
  for (size_t i = 0; i < grey.pixels.size(); ++i) {
    grey.pixels[i] = colour.pixels[3 * i + 1];
  }
  const Image small_colour = resize_bilinear(colour, 20, 31);
  const Image small_grey = resize_bilinear(grey, 20, 31);
  for (size_t i = 0; i < small_grey.pixels.size(); ++i) {
    ASSERT_EQ(small_grey.pixels[i], small_colour.pixels[3 * i + 1]);
  }
}

TEST(Resize, ConstantImagesStayConstant) {
  Image white(19, 7, 3);
  white.pixels.assign(white.pixels.size(), 255);
  for (const uint8_t byte : resize_bilinear(white, 5, 33).pixels) {
    ASSERT_EQ(byte, 255);
  }
}

TEST(Resize, AnImageTooThinToBeEnlargedIsRefused) {
  const Image line(1, 60'000, 3);
  EXPECT_EQ(resize_short_side(line, 2).width, 120'000);
  EXPECT_THROW(resize_short_side(line, 256), DataError);  // 256 × 15,360,000 pixels
  EXPECT_THROW(resize_short_side(Image(60'000, 1, 3), 65'536), DataError);  // beyond int
}

}  // namespace
}  // namespace sanas
