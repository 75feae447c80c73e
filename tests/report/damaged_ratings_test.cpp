// SPDX-License-Identifier: Apache-2.0
// Ratings and manifests of maps, cut and changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/image_codec.h"
#include "sanas/core/error.h"
#include "sanas/report/rating_sheet.h"
#include "sanas/report/rating_summary.h"
#include "sanas/saliency/heat_map.h"
#include "support/damage.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

/// Three ratings, of the maps of two images; the key is their names in hexadecimal.
std::string ratings(const std::string& values) {
  return R"({"format":"sanas-ratings-1","sheet":"0123456789abcdef","key":)"
         R"("5b5b2261222c22706764225d2c5b2261222c2263616d225d2c5b2262222c22706764225d5d",)"
         R"("rater":"A","ratings":)" +
         values + "}";
}

TEST(DamagedRatings, AreRefusedOrRead) {
  const test::TemporaryFolder folder;
  const auto file = folder / "ratings.json";
  expect_damage_is_survived<FileError>(
      ratings(R"({"0":1,"1":5,"2":3})"), [&](const std::string& text) {
        test::write_content(file, text);
        for (const auto& summary : aggregate_ratings({file}, "", {.resamples = 2})) {
          EXPECT_GE(summary.rating.mean, 1.0);
          EXPECT_LE(summary.rating.mean, 5.0);
        }
      });
}

TEST(DamagedRatings, ThatAreNestedDeeplyAreRefused) {
  const test::TemporaryFolder folder;
  const auto file = folder / "ratings.json";
  constexpr size_t kDepth = 1'000'000;
  test::write_content(
      file, ratings("{\"0\":" + std::string(kDepth, '[') + std::string(kDepth, ']') + "}"));
  EXPECT_THROW(aggregate_ratings({file}, "", {}), FileError);
}

/// A folder of maps of one image.
void write_maps(const std::filesystem::path& folder, const std::string& manifest) {
  std::filesystem::create_directories(folder);
  for (const char* name : {"a_image.png", "a_heat.png"}) {
    test::write_content(folder / name, encode_png(Image(2, 2, 3)));
  }
  test::write_content(folder / "saliency.json", manifest);
}

std::string manifest(const std::string& column, const std::string& image) {
  return R"({"format":"sanas-saliency-1","columns":[{"name":"pgd","folder":")" + column +
         R"("}],"images":[")" + image + "\"]}";
}

TEST(DamagedManifest, IsRefusedOrRead) {
  if (!images_are_decodable()) {
    GTEST_SKIP() << "this build has no OpenCV";
  }
  const test::TemporaryFolder folder;
  const auto maps = folder / "maps";
  expect_damage_is_survived<Error>(manifest(".", "a"), [&](const std::string& text) {
    write_maps(maps, text);
    EXPECT_FALSE(rating_sheet_html({.maps = maps}).empty());
  });
}

TEST(DamagedManifest, LeadsToNoFileOutsideOfItsFolder) {
  if (!images_are_decodable()) {
    GTEST_SKIP() << "this build has no OpenCV";
  }
  const test::TemporaryFolder folder;
  write_maps(folder / "secret", "");
  const std::string secret = (folder / "secret").string();
  for (const auto& [column, image] : {std::pair<std::string, std::string>{"../secret", "a"},
                                      {".", "../secret/a"},
                                      {secret, "a"},
                                      {".", secret + "/a"}}) {
    write_maps(folder / "maps", manifest(column, image));
    EXPECT_THAT(test::file_error([&] { rating_sheet_html({.maps = folder / "maps"}); }),
                testing::HasSubstr("is no place inside of its folder"));
  }
}

TEST(DamagedRatings, ThatAreNoSmallNumbersAreRefused) {
  const test::TemporaryFolder folder;
  const auto file = folder / "ratings.json";
  for (const char* value :
       {"0", "6", "4294967299", "18446744073709551619", "3.5", "\"3\"", "null"}) {
    test::write_content(file, ratings("{\"0\":" + std::string(value) + "}"));
    EXPECT_THAT(test::file_error([&] { aggregate_ratings({file}, "", {}); }),
                testing::HasSubstr("is not from 1 to 5"))
        << value;
  }
}

}  // namespace
}  // namespace sanas
