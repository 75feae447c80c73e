// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sanas {

/// A number with at most four significant digits; "NaN", "∞".
std::string short_number(double number);

/// A share as "83.21 %".
std::string percent_text(double part);

/// "12.5 MiB".
std::string bytes_text(double bytes);

/// "1,234,567".
std::string count_text(double count);

}  // namespace sanas
