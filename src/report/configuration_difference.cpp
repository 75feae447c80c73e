// SPDX-License-Identifier: Apache-2.0
#include "report/configuration_difference.h"

#include <algorithm>
#include <map>
#include <set>

#include "report/facts.h"

namespace sanas {

ConfigurationEntries configuration_of(const RunContents& run) {
  return run.config ? config_entries(*run.config) : saliency_entries(run.saliency);
}

std::optional<std::string> value_of(const ConfigurationEntries& entries, const std::string& key) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  return found == entries.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> differing_keys(const std::vector<ConfigurationEntries>& configurations) {
  std::vector<std::string> keys;
  std::map<std::string, std::set<std::string>> values;
  for (const auto& entries : configurations) {
    for (const auto& [key, value] : entries) {
      if (!values.contains(key)) {
        keys.push_back(key);
      }
      values[key].insert(value);
    }
  }
  std::erase_if(keys, [&](const std::string& key) { return values[key].size() < 2; });
  return keys;
}

}  // namespace sanas
