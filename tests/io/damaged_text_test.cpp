// SPDX-License-Identifier: Apache-2.0
// Configurations, metrics and checkpoints, cut and changed.
#include <gtest/gtest.h>

#include "io/io_test_support.h"
#include "sanas/io/checkpoint_info.h"
#include "sanas/io/config.h"
#include "sanas/io/metrics_log.h"
#include "sanas/io/safetensors.h"
#include "support/damage.h"

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
  const io_test::TemporaryFolder folder;
  const auto file = folder / "metrics.jsonl";
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    lines += to_json({{"step", int64_t{i}}, {"loss", 1.0 / (i + 1)}}) + "\n";
  }
  expect_damage_is_survived<FileError>(lines, [&](const std::string& text) {
    io_test::write_content(file, text);
    MetricsLog log(file, /*append=*/true);
    log.truncate_to(3);
    log.write({{"step", int64_t{3}}});
    const std::string now = io_test::content_of(file);
    EXPECT_EQ(now.back(), '\n');
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
