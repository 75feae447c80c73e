// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sanas/io/config.h"

namespace sanas {

/// What every program's command line has.
struct CommonOptions {
  std::string config;
  std::vector<std::string> assignments;  ///< of --set, in order
  std::string data;
  std::filesystem::path out;
  std::string device;
  std::optional<int> threads;
  std::optional<int64_t> seed;
  bool deterministic = false;
  bool resume = false;
  bool dry_run = false;
  bool quiet = false;
};

/// Adds --config, --set, --data, --out, --device, --threads, --seed, --resume, --dry-run, --quiet
/// and
/// --version to `app`. `options` must outlive it.
void add_common_options(CLI::App& app, CommonOptions& options);

/// Where a bare configuration name is looked up, in this order: the working folder, its `configs`,
/// and the installed ones.
std::vector<std::filesystem::path> config_folders();

/// The configuration of --config with all overrides: --set wins over the file, --data, --device,
/// --threads and --seed win over both. Throws ConfigError, also for what `check` refuses.
Config resolve_config(const CommonOptions& options, void (*check)(const Config&) = validate);

/// The configuration as its file has it, without the changes of the command line.
Config named_config(const CommonOptions& options);

/// config_warnings of that configuration against its file.
std::vector<std::string> resolve_warnings(const CommonOptions& options);

}  // namespace sanas
