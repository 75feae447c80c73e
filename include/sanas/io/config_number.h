// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace sanas {

/// A finite decimal number, or a fraction of two such as 8/255 (correctly rounded division). None
/// where the whole text is nothing of that kind.
std::optional<double> parse_number(const std::string& text);

/// The shortest text that parse_number reads back bit for bit; 8/255 where that is shorter.
std::string format_number(double value);

}  // namespace sanas
