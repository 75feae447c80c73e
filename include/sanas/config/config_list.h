// SPDX-License-Identifier: Apache-2.0
#pragma once

// The configurations that there are, with a line on each.

#include <filesystem>
#include <string>
#include <vector>

namespace sanas {

/// A configuration that find_config finds under its bare name.
struct ListedConfig {
  std::string name;
  /// What it searches and trains (describe_config), or why it can't be read.
  std::string description;
};

/// What the text of a configuration does, made from its values: "search by sanas, …" where it has
/// anything to say of a search, and "training on …" where it has a section `evaluation`. Throws
/// ConfigError for what parse_config refuses.
std::string describe_config(const std::string& text, const std::string& filename);

/// The YAML files of `folders` by name, sorted; of one name the first, as find_config takes it.
std::vector<ListedConfig> list_configs(const std::vector<std::filesystem::path>& folders);

/// The list as aligned lines.
std::string config_table(const std::vector<ListedConfig>& configs);

}  // namespace sanas
