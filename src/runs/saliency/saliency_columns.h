// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sanas/checkpoint/explained_checkpoint.h"
#include "sanas/runs/saliency_run.h"

namespace sanas {

/// One network under one method: all that its maps depend on.
struct SaliencyColumn {
  std::string name;
  SaliencyMethod method = SaliencyMethod::kPgd;
  SaliencyMethodOptions options;
  SaliencyTarget target = SaliencyTarget::kPredicted;
  uint64_t seed = 0;
  ColorReduction reduction = ColorReduction::kMax;
  const ExplainedCheckpoint* checkpoint = nullptr;
  /// Of the checkpoint.
  std::filesystem::path file;
  /// Where its files are written.
  std::filesystem::path folder;

  /// Maps N×C×H×W of the method as N×H×W, double, on the CPU.
  torch::Tensor reduced(const torch::Tensor& values) const;
};

struct NamedCheckpoint {
  std::string name;
  std::filesystem::path file;
  ExplainedCheckpoint checkpoint;
};

/// The networks that are asked for, as SaliencyOptions::checkpoints. Throws ConfigError for two of
/// one name, or FileError.
std::vector<NamedCheckpoint> load_checkpoints(const std::vector<std::string>& named_files,
                                              const torch::Device& device, torch::ScalarType type);

/// A column for each network and method. `checkpoints` must outlive them. Throws ConfigError for
/// one that is asked for twice.
std::vector<SaliencyColumn> make_columns(const SaliencyOptions& options,
                                         const std::vector<NamedCheckpoint>& checkpoints);

/// Throws ConfigError where the true classes are asked for and not known (−1), or not the
/// network's.
void check_labels(const std::vector<int64_t>& labels, const SaliencyColumn& column);

/// Throws ConfigError where the network of `file` (empty: none) can't make maps to compare the
/// columns' maps with.
void check_comparable(const std::filesystem::path& file, const std::vector<SaliencyColumn>& columns,
                      const torch::Device& device, torch::ScalarType type);

}  // namespace sanas
