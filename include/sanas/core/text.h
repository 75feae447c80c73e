// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small helpers for text: the nearest name, joining words, one line of it, reading a whole text
// file.

#include <filesystem>
#include <string>
#include <vector>

namespace sanas {

/// The candidate with the smallest edit distance to `name`, for "did you mean" in messages.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

/// "a, b, c".
std::string join(const std::vector<std::string>& parts, const std::string& separator = ", ");

/// The text with a space for each control character: for a line of a terminal or a log.
std::string on_one_line(std::string text);

/// Whole content of a file of at most `limit` bytes. Throws FileError if it is missing, unreadable
/// or longer.
std::string read_text_file(const std::filesystem::path& path, size_t limit = 64U << 20U);

}  // namespace sanas
