// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/augmentation.h"

#include <gmock/gmock.h>

#include <set>
#include <vector>

#include "data/data_test_support.h"

namespace sanas {
namespace {

using data_test::formula_image;
using data_test::message_of;
using testing::HasSubstr;

DatasetInfo info(int64_t height, int64_t width) {
  DatasetInfo result;
  result.name = "pictures";
  result.mean = {0.49139968, 0.48215827, 0.44653124};
  result.height = height;
  result.width = width;
  return result;
}

std::vector<float> apply(const Augmentation& augmentation, const Image& image, uint64_t index) {
  std::vector<float> out(3 * augmentation.height() * augmentation.width());
  augmentation.apply(image, CounterRandom(1, 2, index), out.data());
  return out;
}

TEST(Augmentation, OfNothingIsTheImage) {
  const Image image = formula_image(9, 7);
  const Augmentation none(AugmentOptions::none(), info(9, 7));
  const auto out = apply(none, image, 0);
  for (int y = 0; y < 9; ++y) {
    for (int x = 0; x < 7; ++x) {
      for (int c = 0; c < 3; ++c) {
        ASSERT_EQ(out[(c * 9 + y) * 7 + x], static_cast<float>(image.row(y)[3 * x + c]) / 255.0F);
      }
    }
  }
}

TEST(Augmentation, CutoutBecomesExactlyZeroInTheNetwork) {
  AugmentOptions options = AugmentOptions::none();
  options.cutout = 16;
  const DatasetInfo cifar = info(32, 32);
  const auto out = apply(Augmentation(options, cifar), formula_image(32, 32), 3);
  for (int c = 0; c < 3; ++c) {
    int zeros = 0;
    for (int i = 0; i < 1024; ++i) {
      zeros += out[1024 * c + i] - static_cast<float>(cifar.mean[c]) == 0.0F ? 1 : 0;
    }
    EXPECT_GE(zeros, 64);  // a corner leaves a quarter of the square
    EXPECT_LE(zeros, 256);
  }
}

TEST(Augmentation, DrawsAreAFunctionOfTheStream) {
  AugmentOptions options;
  options.cutout = 4;
  options.color_jitter = {0.4, 0.4, 0.4, 0.1};
  const Augmentation augmentation(options, info(9, 9));
  const Image image = formula_image(9, 9);
  std::set<std::vector<float>> different;
  for (uint64_t index = 0; index < 20; ++index) {
    EXPECT_EQ(apply(augmentation, image, index), apply(augmentation, image, index));
    different.insert(apply(augmentation, image, index));
  }
  EXPECT_EQ(different.size(), 20U);
}

TEST(Augmentation, SizesFollowTheOptions) {
  AugmentOptions options = AugmentOptions::none();
  options.random_resized_crop = 224;
  const Augmentation training(options, info(0, 0));
  EXPECT_EQ(training.height(), 224);
  EXPECT_EQ(training.width(), 224);

  const AugmentOptions testing = options.for_testing();
  EXPECT_EQ(testing.resize, 256);
  EXPECT_EQ(testing.center_crop, 224);
  EXPECT_EQ(testing.random_resized_crop, 0);
  EXPECT_EQ(Augmentation(testing, info(0, 0)).width(), 224);

  AugmentOptions resized = AugmentOptions::none();
  resized.resize = 20;
  EXPECT_EQ(Augmentation(resized, info(53, 37)).height(), 28);  // as the resize test has it
  EXPECT_EQ(Augmentation(resized, info(53, 37)).width(), 20);
  EXPECT_EQ(apply(Augmentation(resized, info(53, 37)), formula_image(53, 37), 0).size(),
            3U * 28 * 20);
}

TEST(Augmentation, TestingKeepsNothingRandom) {
  AugmentOptions options;
  options.cutout = 16;
  options.color_jitter = {0.1, 0, 0, 0};
  const Augmentation augmentation(options.for_testing(), info(9, 9));
  EXPECT_EQ(apply(augmentation, formula_image(9, 9), 0),
            apply(augmentation, formula_image(9, 9), 1));
}

TEST(Augmentation, ImagesOfManySizesNeedATargetSize) {
  AugmentOptions options;
  EXPECT_THAT(message_of<ConfigError>([&] { Augmentation(options, info(0, 0)); }),
              HasSubstr("set random_resized_crop or center_crop"));
  options.resize = 256;  // fixes the shorter side only
  EXPECT_THROW(Augmentation(options, info(0, 0)), ConfigError);
  options.center_crop = 224;
  EXPECT_EQ(Augmentation(options, info(0, 0)).height(), 224);
}

TEST(Augmentation, ReducedDecodingNeverMakesTheSmallestCropBlurred) {
  AugmentOptions options = AugmentOptions::none();
  EXPECT_EQ(Augmentation(options, info(32, 32)).decode_short_side(), 0);
  options.random_resized_crop = 224;
  // The smallest window of a square of side s has sides sqrt(.08·3/4)·s and more.
  const int64_t side = Augmentation(options, info(0, 0)).decode_short_side();
  EXPECT_GE(static_cast<double>(side * side) * 0.08 * 0.75, 224.0 * 224);
  EXPECT_EQ(side, 915);
}

// A test of a network doesn't depend on how fast its images are to be decoded.
TEST(Augmentation, TestingDecodesInFull) {
  AugmentOptions options = AugmentOptions::none();
  options.resize = 32;
  options.center_crop = 32;
  EXPECT_EQ(Augmentation(options, info(0, 0)).decode_short_side(), 64);
  EXPECT_EQ(Augmentation(options.for_testing(), info(0, 0)).decode_short_side(), 0);
  options.random_resized_crop = 32;
  EXPECT_GT(Augmentation(options, info(0, 0)).decode_short_side(), 0);
  EXPECT_EQ(Augmentation(options.for_testing(), info(0, 0)).decode_short_side(), 0);
}

TEST(Augmentation, RefusesWrongOptionsAndImages) {
  AugmentOptions options;
  options.cutout = -1;
  EXPECT_THAT(message_of<ConfigError>([&] { Augmentation(options, info(32, 32)); }),
              HasSubstr("cutout is -1"));
  const Augmentation augmentation(AugmentOptions::none(), info(32, 32));
  EXPECT_THROW(apply(augmentation, formula_image(31, 32), 0), DataError);
}

}  // namespace
}  // namespace sanas
