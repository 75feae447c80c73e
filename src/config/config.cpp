// SPDX-License-Identifier: Apache-2.0
#include "sanas/config/config.h"

#include "config/config_reader.h"
#include "config/config_writer.h"
#include "config/presets.h"
#include "core/utf8.h"
#include "formats/yaml_tree.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

ConfigWriter written(Config config) {
  ConfigWriter writer;
  bind(writer, config);
  return writer;
}

/// The name of a run whose file does not give one: one that can be written and read again.
std::string name_of(const std::string& filename) {
  const std::string name = plain_line(fs::path(filename).stem().string(), kLongestName);
  return name.empty() ? Config{}.name : name;
}

}  // namespace

Config parse_config(const std::string& text, const std::string& filename,
                    const std::vector<std::string>& overrides) {
  YamlNode root = parse_yaml(text, {filename});
  if (!root.is_map() && root.kind != YamlNode::Kind::kNull) {
    throw ConfigError(filename + ":1: expected keys and values");
  }
  if (!root.is_map() && overrides.empty()) {
    throw ConfigError(filename + ":1: the configuration is empty");
  }
  expand_presets(root);
  for (const std::string& assignment : overrides) {
    apply_setting(root, assignment);
  }
  Config config;
  config.name = name_of(filename);
  ConfigReader reader(root);
  bind(reader, config);
  reader.finish();
  return config;
}

Config load_config(const std::string& name_or_path, const std::vector<std::string>& overrides,
                   const std::vector<fs::path>& folders) {
  const fs::path path = find_config(name_or_path, folders);
  std::string text;
  try {
    text = read_text_file(path, YamlLimits{}.bytes);
  } catch (const FileError& error) {
    throw ConfigError(error.what());
  }
  return parse_config(text, path.string(), overrides);
}

std::string to_yaml(const Config& config) { return written(config).yaml(); }

void check_writable(const Config& config) {
  const Config again = parse_config(to_yaml(config), "configuration of the run");
  const std::vector<std::string> changed = changed_keys(config, again);
  if (!changed.empty()) {
    throw ConfigError(changed.front() + ": the value can't be written down; expected one that a " +
                      "configuration can have");
  }
}

bool operator==(const Config& a, const Config& b) { return changed_keys(a, b).empty(); }

std::vector<std::string> config_keys() {
  std::vector<std::string> keys;
  const ConfigWriter writer = written(Config{});
  for (const auto& [key, value] : writer.entries()) {
    keys.push_back(key);
  }
  return keys;
}

std::vector<std::string> changed_keys(const Config& a, const Config& b) {
  const ConfigWriter before = written(a);
  const ConfigWriter after = written(b);
  std::vector<std::string> changed;
  for (size_t i = 0; i < before.entries().size(); ++i) {
    if (before.entries()[i].second != after.entries()[i].second) {
      changed.push_back(before.entries()[i].first);
    }
  }
  return changed;
}

}  // namespace sanas
