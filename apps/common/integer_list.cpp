// SPDX-License-Identifier: Apache-2.0
#include "common/integer_list.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "sanas/core/error.h"

namespace sanas {
namespace {

constexpr size_t kMost = 10'000;

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size() || value < 0) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::vector<int64_t> parse_integer_list(const std::string& option, const std::string& text) {
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(option + ": '" + text + "' " + why + "; expected a list such as 0-3,7");
  };
  std::vector<int64_t> values;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part(text.data() + begin, end - begin);
    const size_t dash = part.find('-');
    const auto first = parse_integer(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_integer(part.substr(dash + 1));
    if (!first || !last) {
      refuse("is no list of numbers");
    }
    if (*last < *first || static_cast<size_t>(*last - *first) >= kMost) {
      refuse("has a range that falls or is too long");
    }
    for (int64_t value = *first; value <= *last; ++value) {
      if (std::find(values.begin(), values.end(), value) != values.end()) {
        refuse("has " + std::to_string(value) + " twice");
      }
      values.push_back(value);
    }
    if (values.size() > kMost) {
      refuse("is too long");
    }
    begin = end + 1;
  }
  return values;
}

}  // namespace sanas
