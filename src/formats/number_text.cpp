// SPDX-License-Identifier: Apache-2.0
#include "formats/number_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace sanas {
namespace {

/// Steps of a byte image: the natural unit of everything that is measured in pixels.
constexpr double kGreyLevels = 255.0;

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<double> parse_decimal(const std::string& text) {
  double value = 0.0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<double> parse_number(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) {
    return parse_decimal(text);
  }
  const auto above = parse_decimal(trimmed(text.substr(0, slash)));
  const auto below = parse_decimal(trimmed(text.substr(slash + 1)));
  if (!above || !below || !std::isfinite(*above / *below)) {
    return std::nullopt;
  }
  return *above / *below;
}

std::string format_number(double value) {
  const std::string decimal = shortest(value);
  const double levels = std::round(value * kGreyLevels);
  const std::string fraction = shortest(levels) + "/255";
  return fraction.size() < decimal.size() && levels / kGreyLevels == value ? fraction : decimal;
}

std::string shortest(double value) {
  if (std::isnan(value)) {
    return "nan";  // whatever its sign
  }
  std::array<char, 64> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

}  // namespace sanas
