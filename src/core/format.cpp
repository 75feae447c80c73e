// SPDX-License-Identifier: Apache-2.0
#include "core/format.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace sanas {

std::string format(const char* pattern, ...) {
  std::va_list arguments;
  va_start(arguments, pattern);
  std::va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, pattern, arguments);
  va_end(arguments);
  std::string text(static_cast<size_t>(size), '\0');
  std::vsnprintf(text.data(), text.size() + 1, pattern, again);
  va_end(again);
  return text;
}

std::string decimals_or_undefined(double value, int decimals) {
  return std::isnan(value) ? "undefined" : format("%.*f", decimals, value);
}

std::string digits_or_undefined(double value, int digits) {
  return std::isnan(value) ? "undefined" : format("%.*g", digits, value);
}

std::string with_interval(int decimals, double mean, double low, double high) {
  const std::string limits = std::isnan(low) || std::isnan(high)
                                 ? "undefined"
                                 : format("%.*f, %.*f", decimals, low, decimals, high);
  return format("%.*f [", decimals, mean) + limits + "]";
}

}  // namespace sanas
