// SPDX-License-Identifier: Apache-2.0
#include "common/config_options.h"

#include "common/arguments.h"
#include "sanas/config/config_list.h"
#include "sanas/config/setting.h"
#include "sanas/core/error.h"
#include "sanas/runs/run_options.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// All of the command line that changes the configuration, the last ones winning.
std::vector<std::string> overrides(const CommonOptions& options) {
  std::vector<std::string> all = options.assignments;
  if (!options.data.empty()) {
    all.push_back(text_setting("dataset.root", options.data));
  }
  if (!options.machine.device.empty()) {
    all.push_back("device=" + options.machine.device);
  }
  if (options.machine.threads) {
    all.push_back("threads=" + std::to_string(*options.machine.threads));
  }
  if (options.machine.seed) {
    all.push_back("seed=" + std::to_string(*options.machine.seed));
  }
  if (!options.strategy.empty()) {
    all.push_back("search.strategy=" + options.strategy);
  }
  if (options.deterministic) {
    all.emplace_back("deterministic=true");
  }
  return all;
}

/// A resume needs nothing but its folder.
std::string config_name(const CommonOptions& options) {
  if (!options.config.empty() || !options.resume) {
    return options.config;
  }
  const fs::path kept = kept_config(options.out);
  if (kept.empty()) {
    throw FileError(options.out.string() + ": holds no run to resume (no config.yaml)");
  }
  return kept.string();
}

}  // namespace

void add_config_options(CLI::App& app, CommonOptions& options) {
  add_path(app, "--config", options.config, "NAME|FILE",
           "configuration, looked up in . and configs/ too")
      ->group("Configuration");
  add_settings(app, options.assignments)->group("Configuration");
  add_path(app, "--data", options.data, "DIR", "folder of the data set (dataset.root)")
      ->default_str("configured")
      ->group("Configuration");
  add_machine_options(app, options.machine);
  app.add_flag("--deterministic", options.deterministic,
               "on CUDA: the same bits every time, slower (deterministic: true)")
      ->group("Machine");
  app.add_flag("--quiet", options.quiet, "no progress and no information on the terminal");
}

void add_run_options(CLI::App& app, CommonOptions& options) {
  add_path(app, "--out", options.out, "DIR", "folder to write to")
      ->default_str("a new one in runs")
      ->group("Run");
  auto* config = app.get_option("--config");
  config->description(config->get_description() + "; with --resume by default the run's own");
  app.add_flag("--resume", options.resume, "go on with what is in the output folder")
      ->needs(app.get_option("--out"))
      ->group("Run");
  app.add_flag("--dry-run", options.dry_run,
               "print the resolved configuration and the cost, try one tiny batch, and exit; "
               "nothing is written to --out")
      ->group("Run");
  exclude(app, "--dry-run", {"--resume"});
  app.add_flag("--list-configs", options.list_configs,
               "print the configurations that --config takes by name, a line on each, and exit")
      ->group("Configuration");
}

std::vector<fs::path> config_folders() {
  std::vector<fs::path> folders{".", "configs"};
  std::error_code error;  // an installation may have been moved: beside the program first
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    folders.push_back(program.parent_path().parent_path() / "share" / "sanas" / "configs");
  }
  const fs::path installed = fs::path(SANAS_SHARE_DIR) / "configs";
  if (installed != folders.back()) {
    folders.push_back(installed);
  }
  return folders;
}

std::string listed_configs() { return config_table(list_configs(config_folders())); }

Config unchecked_config(const CommonOptions& options) {
  return load_config(config_name(options), overrides(options), config_folders());
}

Config resolve_config(const CommonOptions& options, void (*check)(const Config&)) {
  Config config = unchecked_config(options);
  try {
    check(config);
  } catch (const ConfigError& error) {
    throw ConfigError(find_config(config_name(options), config_folders()).string() + ": " +
                      error.what());
  }
  return config;
}

Config named_config(const CommonOptions& options) {
  return load_config(config_name(options), {}, config_folders());
}

std::vector<std::string> resolve_warnings(const CommonOptions& options) {
  return config_warnings(named_config(options), unchecked_config(options));
}

}  // namespace sanas
