// SPDX-License-Identifier: Apache-2.0
#include "formats/json_text.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sanas {
namespace {

/// Goes over the text once, as far as it is JSON.
bool is_reasonable(const std::string& text) {
  constexpr size_t kDeepest = 64;
  constexpr uint64_t kMostComparisons = 1'000'000'000;  // seconds; an object of 40,000 keys
  uint64_t comparisons = 0;
  std::vector<std::unordered_set<std::string_view>> keys;  // so far, of the objects that are open
  std::string_view last_text;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      const size_t begin = ++i;
      while (i < text.size() && text[i] != '"') {
        i += text[i] == '\\' ? 2 : 1;
      }
      last_text = std::string_view(text).substr(begin, std::min(i, text.size()) - begin);
    } else if (c == '{' || c == '[') {
      keys.emplace_back();
    } else if ((c == '}' || c == ']') && !keys.empty()) {
      keys.pop_back();
    } else if (c == ':' && !keys.empty()) {
      comparisons += keys.back().size();
      if (!keys.back().insert(last_text).second) {
        return false;
      }
    }
    if (keys.size() > kDeepest || comparisons > kMostComparisons) {
      return false;
    }
  }
  return true;
}

}  // namespace

using json = nlohmann::ordered_json;

json parse_json(const std::string& text) {
  return is_reasonable(text) ? json::parse(text, nullptr, /*allow_exceptions=*/false)
                             : json(json::value_t::discarded);
}

std::optional<double> number_in(const json& record, const std::string& key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_number() ? std::optional(found->get<double>())
                                                     : std::nullopt;
}

std::string text_in(const json& record, const std::string& key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace sanas
