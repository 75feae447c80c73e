// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/text.h"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

#include "core/utf8.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
  const auto best =
      std::min_element(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
        return edit_distance(name, a) < edit_distance(name, b);
      });
  return best == candidates.end() ? std::string() : *best;
}

std::string join(const std::vector<std::string>& parts, const std::string& separator) {
  std::string result;
  for (size_t i = 0; i < parts.size(); ++i) {
    result += (i == 0 ? "" : separator) + parts[i];
  }
  return result;
}

std::string on_one_line(std::string text) {
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  return text;
}

std::string read_text_file(const std::filesystem::path& path, size_t limit) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw FileError(path.string() + ": no such file");
  }
  if (std::filesystem::file_size(path, error) > limit || error) {
    throw FileError(path.string() + ": larger than the " + std::to_string(limit) +
                    " bytes that such a file may have");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf() || file.peek() == std::ifstream::traits_type::eof())) {
    throw FileError(path.string() + ": can't be read");
  }
  return content.str();
}

}  // namespace sanas
