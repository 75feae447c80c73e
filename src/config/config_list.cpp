// SPDX-License-Identifier: Apache-2.0
#include "sanas/config/config_list.h"

#include <algorithm>
#include <array>
#include <map>
#include <system_error>

#include "core/format.h"
#include "files/folders.h"
#include "formats/number_text.h"
#include "formats/yaml_tree.h"
#include "sanas/config/config.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

/// Whether a file says anything of a search; if it does not, its search has the default values, and
/// is hardly meant.
bool tells_of_search(const YamlNode& root) {
  constexpr std::array kKeys{"method", "supernet", "search", "hypergradient", "attack"};
  return std::any_of(kKeys.begin(), kKeys.end(),
                     [&](const char* key) { return root.find(key) != nullptr; });
}

std::string count_text(int64_t count, const char* what) {
  return std::to_string(count) + " " + what;
}

std::string search_text(const Config& config) {
  const SupernetChoice& supernet = config.supernet;
  const bool first = config.search.hypergradient.order == HypergradientOrder::kFirst;
  return "search by " + to_string(config.method) + (first ? ", first order" : ", second order") +
         ", on " + supernet.family +
         (supernet.space == "darts" ? "" : ", space " + supernet.space) + ", " +
         config.dataset.source.name + ": " + count_text(config.search.epochs, "epochs") +
         " in batches of " + std::to_string(config.search.batch_size) + ", " +
         count_text(supernet.options.channels, "channels") + ", " +
         count_text(supernet.options.cells, "cells");
}

std::string training_text(const Config& config) {
  const EvaluationOptions& evaluation = config.evaluation;
  return "training on " + config.dataset.source.name + ": " +
         count_text(evaluation.epochs, "epochs") + " in batches of " +
         std::to_string(evaluation.batch_size) + ", " +
         count_text(evaluation.channels, "channels") + ", " +
         count_text(evaluation.cells, "cells") + ", learning rate " +
         shortest(evaluation.weights.schedule.learning_rate) + ", drop-path " +
         shortest(evaluation.drop_path);
}

std::string description_of(const fs::path& path) {
  try {
    return describe_config(read_text_file(path, YamlLimits{}.bytes), path.string());
  } catch (const Error& error) {
    return std::string("can't be read: ") + error.what();
  }
}

}  // namespace

std::string describe_config(const std::string& text, const std::string& filename) {
  const Config config = parse_config(text, filename);
  const YamlNode root = parse_yaml(text, {filename});
  const bool trains = root.find("evaluation") != nullptr;
  if (!trains) {
    return search_text(config);
  }
  return tells_of_search(root) ? search_text(config) + "; " + training_text(config)
                               : training_text(config);
}

std::vector<ListedConfig> list_configs(const std::vector<fs::path>& folders) {
  std::map<std::string, fs::path> found;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() == ".yaml" && is_file(it->path())) {
        found.emplace(it->path().stem().string(), it->path());
      }
    }
  }
  std::vector<ListedConfig> configs;
  for (const auto& [name, path] : found) {
    configs.push_back({on_one_line(name), on_one_line(description_of(path))});
  }
  return configs;
}

std::string config_table(const std::vector<ListedConfig>& configs) {
  size_t width = 0;
  for (const auto& config : configs) {
    width = std::max(width, config.name.size());
  }
  std::string table;
  for (const auto& config : configs) {
    table += format("%-*s  %s\n", static_cast<int>(width), config.name.c_str(),
                    config.description.c_str());
  }
  return table;
}

}  // namespace sanas
