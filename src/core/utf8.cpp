// SPDX-License-Identifier: Apache-2.0
#include "core/utf8.h"

#include <algorithm>

namespace sanas {
namespace {

bool continues_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace

size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = text.empty() ? 0xFF : byte(0);
  const size_t length = lead < 0x80                    ? 1
                        : lead >= 0xC2 && lead <= 0xDF ? 2
                        : lead >= 0xE0 && lead <= 0xEF ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
  if (length == 0 || length > text.size()) {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if (!continues_code_point(text[i])) {
      return 0;
    }
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool outside = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      return false;
    }
    at += length;
  }
  return true;
}

bool is_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7F;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

std::string plain_line(std::string_view text, size_t longest) {
  std::string line;
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text.substr(at));
    const bool is_kept = length > 0 && !is_control(text[at]);
    const std::string_view next = is_kept ? text.substr(at, length) : "-";
    if (line.size() + next.size() > longest) {
      break;
    }
    line += next;
    at += std::max<size_t>(length, 1);
  }
  return line;
}

std::string in_quotes(std::string_view name) {
  constexpr size_t kLongest = 120;
  std::string result(name.substr(0, kLongest));
  std::replace_if(result.begin(), result.end(), is_control, '?');
  return "'" + result + (name.size() > kLongest ? "…'" : "'");
}

size_t code_points(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_code_point(c); }));
}

std::string_view first_code_points(std::string_view text, size_t count) {
  size_t points = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!continues_code_point(text[i]) && ++points > count) {
      return text.substr(0, i);
    }
  }
  return text;
}

}  // namespace sanas
