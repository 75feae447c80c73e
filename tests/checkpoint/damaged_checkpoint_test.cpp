// SPDX-License-Identifier: Apache-2.0
// Checkpoints, cut and changed.
#include <gtest/gtest.h>
#include <torch/types.h>

#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/core/error.h"
#include "sanas/formats/safetensors.h"
#include "support/damage.h"

namespace sanas {
namespace {

/// Checkpoints have a checksum: no change of a byte may pass.
TEST(DamagedCheckpoint, IsNeverTakenForAGoodOne) {
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
