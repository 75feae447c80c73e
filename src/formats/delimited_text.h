// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace sanas {

/// The fields of a line, without its line end. In comma-separated values a quoted field may hold
/// commas, and "" for a quote.
std::vector<std::string> split_fields(const std::string& line, char separator);

/// A field of comma-separated values, quoted where it has to be.
std::string csv_field(const std::string& text);

}  // namespace sanas
