// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sanas {

/// A number with at most four significant digits; "NaN", "∞".
std::string short_number(double number);

/// "12.5 MiB".
std::string bytes_text(double bytes);

/// "1,234,567".
std::string count_text(double count);

}  // namespace sanas
