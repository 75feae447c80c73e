// SPDX-License-Identifier: Apache-2.0
#include "json_text.h"

#include <cstdint>
#include <vector>

namespace sanas {
namespace {

/// Goes over the text once, as far as it is JSON.
bool is_reasonable(const std::string& text) {
  constexpr size_t kDeepest = 64;
  constexpr uint64_t kMostComparisons = 1'000'000'000;  // seconds; an object of 40,000 keys
  uint64_t comparisons = 0;
  std::vector<uint64_t> keys;  // so far, of the objects that are open
  bool in_text = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      in_text = c != '"';
      i += c == '\\' ? 1 : 0;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      keys.push_back(0);
    } else if ((c == '}' || c == ']') && !keys.empty()) {
      keys.pop_back();
    } else if (c == ':' && !keys.empty()) {
      comparisons += keys.back()++;
    }
    if (keys.size() > kDeepest || comparisons > kMostComparisons) {
      return false;
    }
  }
  return true;
}

}  // namespace

nlohmann::ordered_json parse_json(const std::string& text) {
  using json = nlohmann::ordered_json;
  return is_reasonable(text) ? json::parse(text, nullptr, /*allow_exceptions=*/false)
                             : json(json::value_t::discarded);
}

}  // namespace sanas
