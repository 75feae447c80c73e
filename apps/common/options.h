// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sanas/core/text.h"
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
  std::string strategy;  ///< of a search; "gradient" or "random"
  bool deterministic = false;
  bool resume = false;
  bool dry_run = false;
  bool quiet = false;
};

/// An option whose value is one of `names`, which --help lists with the default, `target` as it is.
template <typename Choice>
CLI::Option* add_choice(CLI::App& app, const std::string& option, Choice& target,
                        const std::vector<std::pair<std::string, Choice>>& names,
                        const std::string& help) {
  std::vector<std::string> known;
  std::string initial;
  for (const auto& [name, value] : names) {
    known.push_back(name);
    initial = value == target ? name : initial;
  }
  const auto read = [&target, names](const std::string& text) {
    for (const auto& [name, value] : names) {
      target = name == text ? value : target;
    }
  };
  const auto check = [known](const std::string& text) {
    const bool is_known = std::find(known.begin(), known.end(), text) != known.end();
    return is_known ? "" : "'" + text + "' is unknown; expected one of " + join(known);
  };
  return app.add_option_function<std::string>(option, read, help)
      ->check(CLI::Validator(check, ""))
      ->type_name("NAME")
      ->default_str(initial);
}

/// An option that names a file or folder; an empty text, as of a variable of the shell that is not
/// set, is refused.
template <typename Path>
CLI::Option* add_path(CLI::App& app, const std::string& option, Path& target,
                      const std::string& type, const std::string& help) {
  const auto check = [](const std::string& text) {
    return text.empty() ? std::string("is empty; expected a name") : std::string();
  };
  return app.add_option(option, target, help)->check(CLI::Validator(check, ""))->type_name(type);
}

/// Each of `others` makes no sense beside `option`, and is refused.
void exclude(CLI::App& app, const std::string& option, const std::vector<std::string>& others);

/// Options of what a program does without a verb say nothing about a verb: beside one, they are
/// refused. Throws ConfigError.
void check_verb_alone(const CLI::App& app);

/// Adds --config, --set, --data, --out, --device, --threads, --seed, --deterministic, --resume,
/// --dry-run, --quiet and --version to `app`. `options` must outlive it.
void add_common_options(CLI::App& app, CommonOptions& options);

/// Where a bare configuration name is looked up, in this order: the working folder, its `configs`,
/// and the installed ones.
std::vector<std::filesystem::path> config_folders();

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
