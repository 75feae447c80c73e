// SPDX-License-Identifier: Apache-2.0
#include "common/shell_word.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace sanas {

std::string shell_word(const std::string& text) {
  const bool is_plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./+,:@%=").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (is_plain) {
    return text;
  }
  std::string word = "'";
  for (const char c : text) {
    word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return word + "'";
}

}  // namespace sanas
