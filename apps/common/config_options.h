// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "common/machine_options.h"
#include "sanas/config/config.h"

namespace sanas {

/// What names and changes a configuration, and where a run writes.
struct CommonOptions {
  std::string config;
  std::vector<std::string> assignments;  ///< of --set, in order
  std::string data;
  MachineOptions machine;
  std::string strategy;  ///< of a search; "gradient" or "random"
  bool deterministic = false;
  bool quiet = false;
  std::filesystem::path out;
  bool resume = false;
  bool dry_run = false;
  bool list_configs = false;
};

/// Adds --config, --set, --data, --device, --threads, --seed, --deterministic and --quiet to `app`.
/// `options` must outlive it.
void add_config_options(CLI::App& app, CommonOptions& options);

/// Adds --out, --resume and --dry-run, for what writes a run folder, and --list-configs.
void add_run_options(CLI::App& app, CommonOptions& options);

/// Where a bare configuration name is looked up, in this order: the working folder, its `configs`,
/// and the installed ones.
std::vector<std::filesystem::path> config_folders();

/// What --list-configs prints: the configurations of these folders.
std::string listed_configs();

/// The configuration of --config with all overrides: --set wins over the file, --data, --device,
/// --threads, --seed and --strategy win over both. With --resume the run folder's own configuration
/// takes the place of --config if that is left out. Throws ConfigError.
Config unchecked_config(const CommonOptions& options);

/// The same, if `check` lets it pass. Throws ConfigError.
Config resolve_config(const CommonOptions& options, void (*check)(const Config&) = validate);

/// The configuration as its file has it, without the changes of the command line.
Config named_config(const CommonOptions& options);

/// config_warnings of that configuration against its file.
std::vector<std::string> resolve_warnings(const CommonOptions& options);

}  // namespace sanas
