// SPDX-License-Identifier: Apache-2.0
#include "json_text.h"

namespace sanas {

nlohmann::ordered_json parse_json(const std::string& text) {
  using json = nlohmann::ordered_json;
  constexpr int kDeepest = 64;
  bool too_deep = false;
  const auto keep = [&](int depth, json::parse_event_t /*event*/, json& /*value*/) {
    too_deep = too_deep || depth > kDeepest;
    return !too_deep;
  };
  json value = json::parse(text, keep, /*allow_exceptions=*/false);
  return too_deep ? json(json::value_t::discarded) : value;
}

}  // namespace sanas
