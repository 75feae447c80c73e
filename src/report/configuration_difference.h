// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/run_contents.h"

namespace sanas {

/// Keys and values as plain text, in the order in which they are written.
using ConfigurationEntries = std::vector<std::pair<std::string, std::string>>;

/// What a run was asked for: its configuration, or the options of its maps; empty where neither can
/// be read.
ConfigurationEntries configuration_of(const RunContents& run);

std::optional<std::string> value_of(const ConfigurationEntries& entries, const std::string& key);

/// The keys to which those that have them give more than one value: that a run has no such key is
/// no difference.
std::vector<std::string> differing_keys(const std::vector<ConfigurationEntries>& configurations);

}  // namespace sanas
