// SPDX-License-Identifier: Apache-2.0
#pragma once

// Changes of single keys of a configuration as text, and numbers as configurations write them.

#include <optional>
#include <string>

namespace sanas {

/// An override for parse_config that gives `key` this text, whatever characters it has.
std::string text_setting(const std::string& key, const std::string& text);

/// A finite decimal number, or a fraction of two such as 8/255. None where the whole text is
/// nothing of that kind.
std::optional<double> number_setting(const std::string& text);

}  // namespace sanas
