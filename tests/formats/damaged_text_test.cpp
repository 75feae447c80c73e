// SPDX-License-Identifier: Apache-2.0
// Configurations, metrics, ratings, tables and checkpoints, cut and changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/image_codec.h"
#include "formats/json_lines.h"
#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/config/config.h"
#include "sanas/core/error.h"
#include "sanas/formats/accuracy_file.h"
#include "sanas/formats/safetensors.h"
#include "sanas/report/rating_sheet.h"
#include "sanas/saliency/heat_map.h"
#include "support/damage.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

TEST(DamagedText, Configuration) {
  expect_damage_is_survived<ConfigError>(
      to_yaml(Config{}), [](const std::string& text) { parse_config(text, "a.yaml"); });
}

TEST(DamagedText, ConfigurationsThatWouldFillTheMemory) {
  std::string keys;
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 0; i < 1'000'000; ++i) {
    keys += "k" + std::to_string(i) + ": 1\n";
  }
  for (char c = 'b'; c <= 'z'; ++c) {
    bomb += std::string{c} + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) {
      bomb += std::string("*") + static_cast<char>(c - 1) + ", ";
    }
    bomb += "x]\n";
  }
  const std::string flat_keys = keys.substr(0, keys.find("k80000:"));  // below the size limit
  const std::string lists = std::string(500'000, '[');
  std::string maps;
  std::string blocks;
  for (int i = 0; i < 1000; ++i) {
    maps += "{a: ";
    blocks += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  }
  const ScopedMemoryLimit limit;
  for (const auto& [text, word] : {std::pair(keys, "larger than"),
                                   {flat_keys, "more than 4096"},
                                   {bomb, "anchors"},
                                   {blocks, "nested deeper"},
                                   {lists + std::string(500'000, ']'), "nested deeper"},
                                   {"search: " + lists, "is a bracket left open?"},
                                   {maps, "is a bracket left open?"}}) {
    try {
      parse_config(text, "a.yaml");
      ADD_FAILURE() << word;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
  }
}

TEST(DamagedText, Metrics) {
  const test::TemporaryFolder folder;
  const auto file = folder / "metrics.jsonl";
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    lines += to_json({{"step", int64_t{i}}, {"loss", 1.0 / (i + 1)}}) + "\n";
  }
  expect_damage_is_survived<FileError>(lines, [&](const std::string& text) {
    test::write_content(file, text);
    JsonLinesFile log(file, /*append=*/true);
    log.truncate_to(3);
    log.write({{"step", int64_t{3}}});
    const std::string now = test::content_of(file);
    EXPECT_EQ(now.back(), '\n');
  });
}

/// Three ratings, of the maps of two images; the key is their names in hexadecimal.
std::string ratings(const std::string& values) {
  return R"({"format":"sanas-ratings-1","sheet":"0123456789abcdef","key":)"
         R"("5b5b2261222c22706764225d2c5b2261222c2263616d225d2c5b2262222c22706764225d5d",)"
         R"("rater":"A","ratings":)" +
         values + "}";
}

TEST(DamagedText, Ratings) {
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

TEST(DamagedText, RatingsThatAreNestedDeeply) {
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

TEST(DamagedText, ManifestOfMaps) {
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

TEST(DamagedText, AManifestLeadsToNoFileOutsideOfItsFolder) {
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

TEST(DamagedText, ARatingThatIsNoSmallNumber) {
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

TEST(DamagedText, TableOfResults) {
  const test::TemporaryFolder folder;
  const auto file = folder / "results.tsv";
  expect_damage_is_survived<FileError>("run\taccuracy\tloss\n0\t0.9721\t0.1\n1\t0.9\t1e-3\n",
                                       [&](const std::string& text) {
                                         test::write_content(file, text);
                                         EXPECT_FALSE(read_accuracies(file).empty());
                                       });
}

/// Checkpoints have a checksum: no change of a byte may pass.
TEST(DamagedText, CheckpointIsNeverTakenForAGoodOne) {
  NamedTensors checkpoint;
  checkpoint.tensors.insert("w", torch::arange(6, torch::kFloat).view({2, 3}));
  checkpoint.tensors.insert("empty", torch::zeros({0, 2}));
  checkpoint.tensors.insert("step", torch::tensor(int64_t{7}));
  write_checkpoint_info(checkpoint, {.kind = "search",
                                     .config = {},
                                     .genotype = "g",
                                     .dataset = "d",
                                     .classes = {"a", "b"},
                                     .normalization = {},
                                     .height = 1,
                                     .width = 1,
                                     .step = 7,
                                     .metrics_position = 3});
  request_checksum(checkpoint);
  const std::string good = serialize_safetensors(checkpoint);
  const auto is_good = [](const std::string& bytes) {
    try {
      return has_checksum(parse_safetensors(bytes));
    } catch (const FileError&) {
      return false;
    }
  };
  ASSERT_TRUE(is_good(good));
  const ScopedMemoryLimit limit;
  for (size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
    EXPECT_FALSE(is_good(changed)) << "byte " << i;
    EXPECT_FALSE(is_good(good.substr(0, i))) << "cut at " << i;
  }
}

}  // namespace
}  // namespace sanas
