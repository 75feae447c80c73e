// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>
#include <string>

namespace sanas {

/// A time in UTC by a pattern of strftime; at most 63 characters.
std::string utc_text(std::time_t time, const char* pattern);

/// "1:05", or "2:01:05" from an hour on; nothing is shorter than 0 or longer than 10¹² seconds.
std::string duration_text(double seconds);

}  // namespace sanas
