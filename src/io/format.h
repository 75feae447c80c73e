// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>

namespace sanas {

/// printf into a string.
template <typename... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  const int size = std::snprintf(nullptr, 0, pattern, arguments...);
  std::string text(static_cast<size_t>(size), '\0');
  std::snprintf(text.data(), text.size() + 1, pattern, arguments...);
  return text;
}

/// A number of statistics for people: NaN is what a sample says nothing about.
inline std::string defined(const char* pattern, double value) {
  return std::isnan(value) ? "undefined" : format(pattern, value);
}

/// "0.123 [0.100, 0.150]": a mean with the limits of its interval.
inline std::string with_interval(int decimals, double mean, double low, double high) {
  const std::string limits = std::isnan(low) || std::isnan(high)
                                 ? "undefined"
                                 : format("%.*f, %.*f", decimals, low, decimals, high);
  return format("%.*f [", decimals, mean) + limits + "]";
}

/// The shortest decimal that reads back as the same number; nan and inf by these names.
inline std::string shortest(double value) {
  if (std::isnan(value)) {
    return "nan";  // whatever its sign
  }
  std::array<char, 64> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

}  // namespace sanas
