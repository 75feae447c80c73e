// SPDX-License-Identifier: Apache-2.0
#include "common/options.h"

#include <torch/version.h>

#include <limits>
#include <regex>

#include "sanas/core/error.h"
#include "sanas/io/run_start.h"
#include "sanas/io/yaml_tree.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

std::string check_device(const std::string& name) {
  static const std::regex pattern("auto|cpu|cuda(:[0-9]{1,3})?");
  return std::regex_match(name, pattern)
             ? ""
             : "'" + name + "' is no device; expected auto, cpu, cuda or cuda:N";
}

/// All of the command line that changes the configuration, the last ones winning.
std::vector<std::string> overrides(const CommonOptions& options) {
  std::vector<std::string> all = options.assignments;
  if (!options.data.empty()) {
    all.push_back("dataset.root=" + yaml_scalar(options.data));
  }
  if (!options.device.empty()) {
    all.push_back("device=" + options.device);
  }
  if (options.threads) {
    all.push_back("threads=" + std::to_string(*options.threads));
  }
  if (options.seed) {
    all.push_back("seed=" + std::to_string(*options.seed));
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
  const fs::path kept = kept_file(options.out, "config.yaml");
  if (kept.empty()) {
    throw FileError(options.out.string() + ": holds no run to resume (no config.yaml)");
  }
  return kept.string();
}

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& options) {
  const auto option = [&app](const std::string& name, auto& target, const std::string& type,
                             const std::string& help) {
    return app.add_option(name, target, help)->type_name(type);
  };
  add_path(
      app, "--config", options.config, "NAME|FILE",
      "configuration, looked up in . and configs/ too; with --resume by default the run's own");
  option("--set", options.assignments, "KEY=VALUE",
         "change one key of the configuration, e.g. search.epochs=3; repeatable")
      ->allow_extra_args(false);
  add_path(app, "--data", options.data, "DIR", "folder of the data set (dataset.root)");
  add_path(app, "--out", options.out, "DIR", "folder to write to; by default a new one in runs");
  option("--device", options.device, "NAME", "auto, cpu, cuda or cuda:N")
      ->check(CLI::Validator(check_device, ""));
  option("--threads", options.threads, "N", "CPU threads; 0: OMP_NUM_THREADS, or one per core")
      ->check(CLI::Range(0, 1024));
  option("--seed", options.seed, "N", "seed of all randomness")
      ->check(CLI::Range(int64_t{0}, std::numeric_limits<int64_t>::max()));
  app.add_flag("--deterministic", options.deterministic,
               "on CUDA: the same bits every time, slower (deterministic: true)");
  app.add_flag("--resume", options.resume, "go on with what is in the output folder");
  app.add_flag("--dry-run", options.dry_run,
               "print the resolved configuration and the cost, try one tiny batch, and exit; "
               "nothing is written to --out");
  app.add_flag("--quiet", options.quiet, "no progress and no information on the terminal");
  app.set_version_flag("--version",
                       app.get_name() + " " SANAS_VERSION " (LibTorch " TORCH_VERSION ")",
                       "print the version and exit");
  app.get_option("--resume")->needs(app.get_option("--out"));
  exclude(app, "--dry-run", {"--resume"});
}

void exclude(CLI::App& app, const std::string& option, const std::vector<std::string>& others) {
  for (const auto& other : others) {
    app.get_option(option)->excludes(app.get_option(other));
  }
}

void check_verb_alone(const CLI::App& app) {
  for (const CLI::App* verb : app.get_subcommands()) {
    for (const CLI::Option* option : app.get_options()) {
      if (option->count() > 0) {
        throw ConfigError(option->get_name() + " does not apply to " + verb->get_name());
      }
    }
  }
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
