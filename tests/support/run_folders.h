// SPDX-License-Identifier: Apache-2.0
#pragma once

// Run folders made by hand, with no more in them than a report needs to tell what they are.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "sanas/formats/safetensors.h"
#include "sanas/genotype/genotype.h"
#include "support/temporary_folder.h"

namespace sanas::test {

/// Presets: what a search found, and something else.
inline constexpr const char* kFound = "DARTS_V2";
inline constexpr const char* kOther = "PCDARTS";

/// A search whose genotype is a preset.
inline fs::path make_searched(const fs::path& folder, const std::string& genotype) {
  fs::create_directories(folder);
  write_content(folder / "metrics.jsonl", R"({"phase":"search","epoch":0,"step":0,)"
                                          R"("train1_loss":2.5})"
                                          "\n");
  write_content(folder / "genotype.txt", to_string(load_genotype(genotype)) + "\n");
  return folder;
}

/// A training that is over.
inline fs::path make_trained(const fs::path& folder, const std::string& genotype,
                             double top1 = 0.5) {
  fs::create_directories(folder);
  write_content(folder / "metrics.jsonl",
                R"({"phase":"train_epoch","epoch":0,"step":4,"loss":1.0})"
                "\n"
                R"({"phase":"test","inference":"plain","images":20,"test_top1":)" +
                    std::to_string(top1) + "}\n");
  write_content(folder / "genotype.txt", to_string(load_genotype(genotype)) + "\n");
  return folder;
}

/// Maps of the network in a file.
inline fs::path make_maps(const fs::path& folder, const fs::path& checkpoint) {
  fs::create_directories(folder);
  write_content(folder / "sessions.jsonl", R"({"program":"sanas_saliency"})"
                                           "\n");
  nlohmann::json saliency;
  saliency["columns"][0] = {
      {"name", "pgd"}, {"folder", "."}, {"method", "pgd"}, {"checkpoint", checkpoint.string()}};
  saliency["images"][0] = "a";
  write_content(folder / "saliency.json", saliency.dump());
  return folder;
}

/// What a checkpoint tells of its network.
struct Told {
  std::string kind;
  /// A preset.
  std::string genotype;
  std::string config;
};

/// last.safetensors that tells so, without a network.
inline void add_checkpoint(const fs::path& folder, const Told& told) {
  fs::create_directories(folder);
  NamedTensors tensors;
  tensors.metadata = {{"kind", told.kind},
                      {"genotype", to_string(load_genotype(told.genotype))},
                      {"config", told.config}};
  write_safetensors(folder / "last.safetensors", tensors);
}

}  // namespace sanas::test
