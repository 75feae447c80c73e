// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sanas/config/config.h"
#include "sanas/genotype/genotype.h"

namespace sanas {

enum class RunKind { kSearch, kEvaluation, kSaliency };

/// What a run folder holds, as far as it can be read.
struct RunContents {
  std::filesystem::path folder;
  std::string name;
  RunKind kind = RunKind::kSearch;
  /// As it stands in config.yaml, and what it says where it can be read.
  std::string config_text;
  std::optional<Config> config;
  /// The named configuration without the changes of the command line.
  std::optional<Config> base;
  std::string genotype_text;
  std::optional<Genotype> genotype;
  // JSON objects, line by line.
  std::vector<nlohmann::ordered_json> metrics;
  std::vector<nlohmann::ordered_json> sessions;
  std::vector<nlohmann::ordered_json> predictions;
  /// saliency.json: what sanas_saliency was asked for; null where there is none.
  nlohmann::ordered_json saliency;
  /// test_report.json; null where there is none.
  nlohmann::ordered_json test;
  /// Metadata of checkpoints/last.safetensors.
  std::map<std::string, std::string> checkpoint;
  /// The last lines of log.txt.
  std::vector<std::string> log_tail;
  /// All files, relative to the folder and sorted.
  std::vector<std::filesystem::path> files;
  /// The folders of saliency.json's columns, relative to the folder; empty for a single one, whose
  /// files lie in the folder itself.
  std::vector<std::filesystem::path> columns;
  /// What is damaged, one sentence each.
  std::vector<std::string> problems;
};

/// Some of the runs that are kept elsewhere.
using RunList = std::vector<const RunContents*>;

RunList all_of(const std::vector<RunContents>& runs);

/// The runs that a folder stands for: itself, or where it is none, those one or two levels below,
/// as of several seeds or values of γ. Throws FileError for a folder that is missing or holds
/// nothing of a run.
std::vector<std::filesystem::path> runs_in(const std::filesystem::path& folder);

/// What can't be read is one of the `problems`.
RunContents read_run_contents(const std::filesystem::path& folder);

}  // namespace sanas
