// SPDX-License-Identifier: Apache-2.0
#include "json_text.h"

#include <cstdint>
#include <vector>

namespace sanas {

nlohmann::ordered_json parse_json(const std::string& text) {
  using json = nlohmann::ordered_json;
  constexpr int kDeepest = 64;
  constexpr uint64_t kMostComparisons = 1'000'000'000;  // seconds; an object of 40,000 keys
  bool too_much = false;
  uint64_t comparisons = 0;
  std::vector<uint64_t> keys;  // so far, of the objects that are open
  const auto keep = [&](int depth, json::parse_event_t event, json& /*value*/) {
    if (event == json::parse_event_t::object_start) {
      keys.push_back(0);
    } else if (event == json::parse_event_t::object_end && !keys.empty()) {
      keys.pop_back();
    } else if (event == json::parse_event_t::key && !keys.empty()) {
      comparisons += keys.back()++;
    }
    too_much = too_much || depth > kDeepest || comparisons > kMostComparisons;
    return !too_much;
  };
  json value = json::parse(text, keep, /*allow_exceptions=*/false);
  return too_much ? json(json::value_t::discarded) : value;
}

}  // namespace sanas
