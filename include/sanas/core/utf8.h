// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sanas {

/// Bytes of the UTF-8 code point that the text begins with; 0 for anything else, overlong forms and
/// surrogates too.
size_t utf8_length(std::string_view text);

/// Whether the whole text is UTF-8.
bool is_utf8(std::string_view text);

/// Whether the text has ASCII control characters: line ends, tabs, escapes.
bool has_control(std::string_view text);

/// One line of UTF-8 whatever `text` is: each control character and each byte that is no UTF-8
/// becomes '-', and at most `longest` bytes are kept, whole code points.
std::string plain_line(std::string_view text, size_t longest);

}  // namespace sanas
