// SPDX-License-Identifier: Apache-2.0
#include "report/html.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "core/utf8.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReplacement = "\xEF\xBF\xBD";

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += k <= count ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return text;
}

std::string percent_encoded(const std::string& path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("/-._~").find(c) != std::string_view::npos) {
      text += c;
    } else {
      text.append("%").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
    }
  }
  return text;
}

std::string row(const std::vector<std::string>& cells, const std::string& scope, bool all_heads) {
  std::string html = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    html += all_heads || i == 0 ? "<th scope=\"" + scope + "\">" + cells[i] + "</th>"
                                : "<td>" + cells[i] + "</td>";
  }
  return html += "</tr>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const size_t length = utf8_length(text.substr(i));
    const bool control =
        (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    if (length == 0 || control) {
      result += kReplacement;
    } else if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&quot;";
    } else if (c == '\'') {
      result += "&#39;";
    } else {
      result.append(text.substr(i, length));
    }
    i += std::max<size_t>(1, length);
  }
  return result;
}

std::string first_characters(const std::string& text, size_t longest) {
  return code_points(text) <= longest ? text
                                      : std::string(first_code_points(text, longest - 1)) + "…";
}

std::string inside_script(std::string json) {
  for (size_t at = json.find('<'); at != std::string::npos; at = json.find('<', at)) {
    json.replace(at, 1, "\\u003c");
  }
  return json;
}

std::string data_uri(const std::string& media_type, std::string_view bytes) {
  return "data:" + media_type + ";base64," + base64(bytes);
}

std::string relative_link(const fs::path& file, const fs::path& folder) {
  const std::string path = fs::absolute(file).lexically_normal().lexically_proximate(
      fs::absolute(folder).lexically_normal());
  // A first segment with a colon would be a scheme.
  return (path.starts_with('/') || path.starts_with("..") ? "" : "./") + percent_encoded(path);
}

std::string to_html(const HtmlTable& table) {
  if (table.rows.empty()) {
    return "";
  }
  std::string html = "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" +
                     table.caption + "\">\n<table" +
                     (table.style.empty() ? "" : " class=\"" + table.style + "\"") + "><caption>" +
                     table.caption + "</caption>\n";
  if (!table.head.empty()) {
    html += "<thead>" + row(table.head, "col", true) + "</thead>\n";
  }
  html += "<tbody>\n";
  for (const auto& cells : table.rows) {
    html += row(cells, "row", false);
  }
  return html += "</tbody></table></div>\n";
}

std::string description_entries(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string html;
  for (const auto& [name, value] : entries) {
    html += "<div><dt>" + escape_html(name) + "</dt><dd>" + escape_html(value) + "</dd></div>\n";
  }
  return html;
}

std::string mark(const std::string& text, const std::string& style) {
  return "<span class=\"mark " + style + "\">" + text + "</span>";
}

std::string folded(const std::string& summary, const std::string& content) {
  return "<details><summary>" + summary + "</summary>\n" + content + "</details>\n";
}

}  // namespace sanas
