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

/// ASCII control characters: line ends, tabs, escapes.
bool is_control(char character);

/// Whether the text has control characters.
bool has_control(std::string_view text);

/// One line of UTF-8 whatever `text` is: each control character and each byte that is no UTF-8
/// becomes '-', and at most `longest` bytes are kept, whole code points.
std::string plain_line(std::string_view text, size_t longest);

/// A name from a file in quotes and fit for one line of a message: control characters replaced,
/// long names cut.
std::string in_quotes(std::string_view name);

/// The number of code points in UTF-8 text.
size_t code_points(std::string_view text);

/// The first `count` code points of UTF-8 text.
std::string_view first_code_points(std::string_view text, size_t count);

}  // namespace sanas
