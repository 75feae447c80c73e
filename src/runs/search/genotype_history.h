// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "sanas/genotype/genotype.h"

namespace sanas {

/// What is other in `now`, for people: "normal: node 2: skip_connect of 0 -> sep_conv_3x3 of 0",
/// several of a cell with commas, cells with a semicolon; "no change". States have the numbers of
/// the genotype's text: 0 and 1 are the inputs, 2 is the first node. Of which operation of a node
/// stands first, which changes no network, nothing is said.
std::string changes_text(const Genotype& before, const Genotype& now);

/// The genotypes of the epochs of a stage.
class GenotypeHistory {
 public:
  /// Begins with those that `metrics`, the metrics.jsonl of the run, has of `stage`; of an epoch
  /// that was done again the last one.
  GenotypeHistory(const std::filesystem::path& metrics, int64_t stage);

  void add(int64_t epoch, const Genotype& genotype);

  /// changes_text since the epoch before; empty where that is not known, as in the first one.
  std::string changes(int64_t epoch, const Genotype& now) const;

 private:
  std::map<int64_t, std::string> genotypes_;
};

}  // namespace sanas
