// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/run_contents.h"

namespace sanas {

/// Names and values of what a run has come to: epochs, accuracies, sizes, time; as plain text.
std::vector<std::pair<std::string, std::string>> facts_of(const RunContents& run);

/// The last number of that key in the records of a phase.
std::optional<double> last_number(const RunContents& run, const std::string& phase,
                                  const std::string& key);

struct SaliencyOption {
  std::string text;
  bool changed = false;  ///< is not what it would be without the command line
};

/// The options in a part of saliency.json: in the whole, or in one of its columns.
std::vector<std::pair<std::string, SaliencyOption>> saliency_options_of(
    const nlohmann::ordered_json& object);

/// Everything that saliency.json says of how the maps were made, a column's keys behind its name.
std::vector<std::pair<std::string, std::string>> saliency_entries(
    const nlohmann::ordered_json& saliency);

/// Keys and values of a configuration, in the order in which they are written.
std::vector<std::pair<std::string, std::string>> config_entries(Config config);

}  // namespace sanas
