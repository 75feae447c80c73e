// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/image_preparation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/data_test_support.h"
#include "sanas/data/image_geometry.h"

namespace sanas {
namespace {

using data_test::crc32;
using data_test::formula_image;

/// Red is the column and green the row of a pixel, blue is 255: what a network gets of it says
/// where it was.
Image positions(int height, int width) {
  Image image(height, width, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(x);
      pixel[1] = static_cast<uint8_t>(y);
      pixel[2] = 255;
    }
  }
  return image;
}

AugmentOptions resized_and_cropped(int64_t resize, int64_t crop) {
  AugmentOptions options;
  options.resize = resize;
  options.center_crop = crop;
  return options;
}

/// The geometry against the pixels themselves: each that comes from inside of the picture has the
/// colour of the position that it is led back to.
void expect_led_back(const ImagePreparation& prepare, int height, int width) {
  SCOPED_TRACE(std::to_string(height) + "×" + std::to_string(width));
  const auto [image, geometry] = prepare(positions(height, width));
  ASSERT_EQ(image.height, prepare.height());
  ASSERT_EQ(image.width, prepare.width());
  // How far filters reach from an edge, in pixels of the network: twice where it was resized twice.
  const auto depth = [](const AxisGeometry& axis, int i) {
    const double reach = 2.0 * std::max(1.0, axis.scale) + 0.5;
    const double inside = std::min(i + 0.5 - axis.begin, axis.end - i - 0.5);
    return inside > reach ? 1 : inside < -reach ? -1 : 0;
  };
  int compared = 0;
  for (int i = 0; i < image.height; ++i) {
    for (int j = 0; j < image.width; ++j) {
      const double y = geometry.rows.to_picture(i + 0.5);
      const double x = geometry.columns.to_picture(j + 0.5);
      const uint8_t* pixel = image.row(i) + 3 * j;
      const int inside = std::min(depth(geometry.rows, i), depth(geometry.columns, j));
      if (inside < 0) {
        ASSERT_EQ(pixel[2], 0) << i << ' ' << j;  // frame
      } else if (inside > 0) {
        ASSERT_EQ(pixel[2], 255) << i << ' ' << j;
        ASSERT_NEAR(pixel[0], x - 0.5, 1.05) << i << ' ' << j;
        ASSERT_NEAR(pixel[1], y - 0.5, 1.05) << i << ' ' << j;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 0);
}

TEST(ImageGeometry, LeadsBackToThePixelsThatANetworkGets) {
  const ImagePreparation as_tested(resized_and_cropped(36, 32), {});
  const ImagePreparation wider(resized_and_cropped(20, 32), {});  // a crop of more than there is
  const ImagePreparation of_data_set(AugmentOptions{}, {32, 32, 0});
  const ImagePreparation framed(AugmentOptions{}, {32, 32, 2});
  const ImagePreparation both(resized_and_cropped(40, 33), {32, 24, 3});
  for (const auto* prepare : {&as_tested, &wider, &of_data_set, &framed, &both}) {
    for (const auto& [height, width] :
         {std::pair{96, 32}, std::pair{32, 96}, std::pair{101, 67}, std::pair{45, 199},
          std::pair{28, 28}, std::pair{13, 17}, std::pair{32, 32}, std::pair{31, 64}}) {
      expect_led_back(*prepare, height, width);
    }
  }
}

TEST(ImageGeometry, SeesTheMiddleOfAWidePicture) {
  const ImagePreparation prepare(resized_and_cropped(32, 32), {});
  const auto wide = prepare(Image(32, 96, 3)).geometry;
  EXPECT_EQ(wide.seen(), (PictureWindow{0, 32, 32, 32}));
  EXPECT_FALSE(wide.sees_everything());
  // 224 of 256: of a photograph of 512×512 the 448 pixels in the middle.
  AugmentOptions imagenet;
  imagenet.random_resized_crop = 224;
  const ImagePreparation photographs(imagenet, {});
  EXPECT_EQ(photographs(Image(512, 512, 3)).geometry.seen(), (PictureWindow{32, 32, 448, 448}));
  EXPECT_TRUE(prepare(Image(64, 64, 3)).geometry.sees_everything());
}

// zlib.crc32 of torchvision 0.26's v2.Compose([v2.Resize(R), v2.CenterCrop(C)]) on the picture of
// formula_image.
TEST(ImagePreparation, IsTorchvisionsResizeAndCenterCrop) {
  struct Case {
    int height, width, resize, crop;
    uint32_t crc;
  };
  for (const Case& expected : {Case{37, 53, 16, 16, 0x38D4AF18}, Case{37, 53, 20, 17, 0xC85EB133},
                               Case{53, 37, 21, 16, 0x4A29AE62}, Case{101, 67, 36, 32, 0x4EB0FA2F},
                               Case{67, 101, 37, 32, 0xBF53C88A}, Case{32, 96, 32, 32, 0x80724FED},
                               Case{45, 199, 33, 30, 0xB8BD02E1}, Case{20, 31, 20, 32, 0x6BE45D6D},
                               Case{31, 20, 18, 33, 0x3A51A519}, Case{15, 200, 40, 56, 0xC2D1DDCE},
                               Case{64, 64, 36, 32, 0x13251C69}}) {
    const ImagePreparation prepare(resized_and_cropped(expected.resize, expected.crop), {});
    const Image image = prepare(formula_image(expected.height, expected.width)).image;
    EXPECT_EQ(crc32(image.pixels), expected.crc) << expected.height << "×" << expected.width << " "
                                                 << expected.resize << " " << expected.crop;
  }
}

TEST(ImagePreparation, AFileBecomesWhatAnImageOfTheDataSetIs) {
  const ImagePreparation framed(AugmentOptions{}, {32, 32, 2});
  const Image small = formula_image(28, 28);  // as Fashion-MNIST's own
  const Image shown = framed(small).image;
  EXPECT_EQ(shown, crop(small, -2, -2, 32, 32));
  EXPECT_EQ(framed(shown).image, shown);  // has its frame already
  // A larger one gets the frame, too: white up to it.
  Image white(300, 200, 3);
  white.pixels.assign(white.pixels.size(), 255);
  Image inner(28, 28, 3);
  inner.pixels.assign(inner.pixels.size(), 255);
  EXPECT_EQ(framed(white).image, crop(inner, -2, -2, 32, 32));

  // Without a frame it fills everything; the transforms of testing follow.
  AugmentOptions cropped;
  cropped.center_crop = 24;
  const ImagePreparation plain(cropped, {32, 32, 0});
  inner = Image(24, 24, 3);
  inner.pixels.assign(inner.pixels.size(), 255);
  EXPECT_EQ(plain(white).image, inner);
}

}  // namespace
}  // namespace sanas
