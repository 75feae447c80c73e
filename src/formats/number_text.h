// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers as text and back, without losing a bit.

#include <optional>
#include <string>

namespace sanas {

/// A finite decimal number, or a fraction of two such as 8/255 (correctly rounded division). None
/// where the whole text is nothing of that kind.
std::optional<double> parse_number(const std::string& text);

/// The shortest text that parse_number reads back bit for bit; 8/255 where that is shorter.
std::string format_number(double value);

/// The shortest decimal that reads back as the same number; nan and inf by these names.
std::string shortest(double value);

}  // namespace sanas
