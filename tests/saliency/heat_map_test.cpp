// SPDX-License-Identifier: Apache-2.0
#include "sanas/saliency/heat_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/image_codec.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

class HeatMap : public testing::Test {
 protected:
  void SetUp() override {
    if (!images_are_decodable()) {
      GTEST_SKIP() << "this build has no OpenCV";
    }
  }
};

TEST_F(HeatMap, TilesKeepTheirShapeUnlessTheyAreStrips) {
  EXPECT_EQ(tile_width(Image(100, 150, 3), 64), 96);
  EXPECT_EQ(tile_width(Image(4, 40000, 3), 64), 512);
  EXPECT_EQ(tile_width(Image(40000, 4, 3), 64), 1);
  Image endless;  // without pixels
  endless.height = 1;
  endless.width = 2'000'000'000;
  EXPECT_EQ(tile_width(endless, 64), 512) << "no overflow";
}

TEST_F(HeatMap, ASheetOfStripsAndSinglePixelsIsAPicture) {
  for (const auto& [height, width] : {std::pair(1, 1), {3, 5000}, {5000, 3}}) {
    const Image image(height, width, 3);
    const Image sheet = contact_sheet({{image, image}}, {"image", "map"}, 64, {"a"});
    EXPECT_EQ(sheet.height, 24 + 24 + 64 + 6);
    EXPECT_GE(sheet.width, 3 * 6 + 2 * tile_width(image, 64));
    EXPECT_LE(sheet.width, 3 * 6 + 2 * 8 * 64);
    EXPECT_FALSE(encode_png(sheet).empty());
  }
}

TEST_F(HeatMap, APictureThatItsFormatCannotHoldIsAFileError) {
  try {
    encode_jpeg(Image(1, 70'000, 3));  // JPEG has 16 bits for a side
    ADD_FAILURE();
  } catch (const FileError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("70000×1 pixels can't be encoded as jpg"));
  }
}

/// What OpenCV's documentation of ColormapTypes lists.
TEST_F(HeatMap, KnowsTheColourMapsOfOpenCv) {
  EXPECT_THAT(color_map_names(),
              testing::UnorderedElementsAre(
                  "autumn", "bone", "jet", "winter", "rainbow", "ocean", "summer", "spring", "cool",
                  "hsv", "pink", "hot", "parula", "magma", "inferno", "plasma", "viridis",
                  "cividis", "twilight", "twilight_shifted", "turbo", "deepgreen"));
}

}  // namespace
}  // namespace sanas
