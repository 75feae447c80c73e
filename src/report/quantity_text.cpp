// SPDX-License-Identifier: Apache-2.0
#include "report/quantity_text.h"

#include <cmath>

#include "core/format.h"

namespace sanas {

std::string short_number(double number) {
  if (!std::isfinite(number)) {
    return std::isnan(number) ? "NaN" : number > 0 ? "∞" : "−∞";
  }
  return format("%.4g", number);
}

std::string percent_text(double part) { return format("%.2f %%", 100.0 * part); }

std::string bytes_text(double bytes) {
  if (bytes < 1024.0) {
    return format("%.0f bytes", bytes);
  }
  if (bytes < 1024.0 * 1024.0) {
    return format("%.1f KiB", bytes / 1024.0);
  }
  return bytes < 1024.0 * 1024.0 * 1024.0 ? format("%.1f MiB", bytes / 1024.0 / 1024.0)
                                          : format("%.2f GiB", bytes / 1024.0 / 1024.0 / 1024.0);
}

std::string count_text(double count) {
  if (!std::isfinite(count) || std::abs(count) >= 1e15) {
    return short_number(count);
  }
  std::string digits = format("%.0f", count);
  for (auto at = static_cast<int>(digits.size()) - 3; at > (count < 0.0 ? 1 : 0); at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

}  // namespace sanas
