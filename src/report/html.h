// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sanas {

/// Text for an element or an attribute in double quotes: nothing in it can be markup. Control
/// characters and bytes that are no UTF-8 become U+FFFD.
std::string escape_html(std::string_view text);

/// At most `longest` characters of a text, the last one "…" where it is longer.
std::string first_characters(const std::string& text, size_t longest);

/// JSON that may stand inside a script element: nothing in it can end that.
std::string inside_script(std::string json);

/// The value of a `src` attribute that carries the bytes themselves.
std::string data_uri(const std::string& media_type, std::string_view bytes);

/// The value of a `href` attribute that leads from a page in `folder` to `file`.
std::string relative_link(const std::filesystem::path& file, const std::filesystem::path& folder);

/// A table whose first column heads its rows. All texts are HTML.
struct HtmlTable {
  std::string caption;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  /// Class of the table element.
  std::string style;
};

/// The table in a frame of its own that scrolls where the page is too narrow; empty without rows.
std::string to_html(const HtmlTable& table);

/// Names and values, plain text, as the entries of a <dl>.
std::string description_entries(const std::vector<std::pair<std::string, std::string>>& entries);

/// A word in a frame. @param style class of its colour; both as HTML.
std::string mark(const std::string& text, const std::string& style);

/// <details> with a summary, closed.
std::string folded(const std::string& summary, const std::string& content);

}  // namespace sanas
