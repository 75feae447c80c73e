// SPDX-License-Identifier: Apache-2.0
#include "core/time_text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/format.h"

namespace sanas {

std::string utc_text(std::time_t time, const char* pattern) {
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), pattern, &utc);
  return text.data();
}

std::string duration_text(double seconds) {
  const auto whole = std::llround(std::clamp(seconds, 0.0, 1e12));
  return whole < 3600 ? format("%lld:%02lld", whole / 60, whole % 60)
                      : format("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace sanas
