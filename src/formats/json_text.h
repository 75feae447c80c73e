// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace sanas {

/// JSON from a file that somebody else may have written. Nesting beyond anything that we write is
/// no JSON to us: printing and copying a value take a stack frame for each level. Neither are
/// objects that have a key twice, of which one would be taken, and objects with so many keys that
/// it takes minutes to find that none comes twice: each is compared with all before it. Returns a
/// discarded value (`is_discarded()`) for what is none.
nlohmann::ordered_json parse_json(const std::string& text);

/// The number or text under `key`, where there is one.
std::optional<double> number_in(const nlohmann::ordered_json& record, const std::string& key);
std::string text_in(const nlohmann::ordered_json& record, const std::string& key);

}  // namespace sanas
