// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sanas {

/// "0-3,7" is 0, 1, 2, 3, 7. Throws ConfigError that begins with `option` for anything else, a
/// falling range, a number twice, or more than 10,000 of them.
std::vector<int64_t> parse_integer_list(const std::string& option, const std::string& text);

}  // namespace sanas
