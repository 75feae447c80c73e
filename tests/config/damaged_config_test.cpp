// SPDX-License-Identifier: Apache-2.0
// Configurations, cut and changed.
#include <gtest/gtest.h>

#include "sanas/config/config.h"
#include "sanas/core/error.h"
#include "support/damage.h"

namespace sanas {
namespace {

TEST(DamagedConfig, IsRefusedOrRead) {
  expect_damage_is_survived<ConfigError>(
      to_yaml(Config{}), [](const std::string& text) { parse_config(text, "a.yaml"); });
}

TEST(DamagedConfig, DoesNotFillTheMemory) {
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

}  // namespace
}  // namespace sanas
