// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/accuracy_file.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <sstream>
#include <string>

#include "core/utf8.h"
#include "formats/delimited_text.h"
#include "formats/number_text.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLargestTable = size_t{16} << 20U;
constexpr const char* kByteOrderMark = "\xef\xbb\xbf";

struct Line {
  std::string text;
  size_t number;  ///< from 1 on
};

/// A number as it stands in the file.
struct Entry {
  double number;
  bool has_percent_sign;
  size_t line;
};

/// Where the accuracies stand under a heading.
struct Column {
  char separator;
  size_t index;
};

[[noreturn]] void fail(const fs::path& file, size_t line, const std::string& what) {
  throw FileError(file.string() + ":" + std::to_string(line) + ": " + what);
}

std::string trimmed(const std::string& text) {
  const char* space = " \t\r";
  const size_t first = text.find_first_not_of(space);
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::vector<Line> lines_of(const fs::path& file) {
  std::string text = read_text_file(file, kLargestTable);
  if (text.starts_with(kByteOrderMark)) {
    text.erase(0, std::string(kByteOrderMark).size());
  }
  std::vector<Line> lines;
  std::istringstream stream(text);
  size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::string content = trimmed(line);
    if (!content.empty() && content.front() != '#') {
      lines.push_back({line, number});
    }
  }
  return lines;
}

bool is_heading_of_accuracies(const std::string& field) {
  std::string name = trimmed(field);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name == "accuracy";
}

/// The column that the heading names, or nothing where the line is no heading.
std::optional<Column> find_column(const fs::path& file, const Line& line) {
  const char separator = line.text.find('\t') != std::string::npos ? '\t' : ',';
  const auto fields = split_fields(line.text, separator);
  const auto count = std::count_if(fields.begin(), fields.end(), is_heading_of_accuracies);
  if (count > 1) {
    fail(file, line.number, "the heading has 'accuracy' twice");
  }
  const auto found = std::find_if(fields.begin(), fields.end(), is_heading_of_accuracies);
  return count == 0 ? std::nullopt
                    : std::optional(Column{separator, static_cast<size_t>(found - fields.begin())});
}

Entry read_entry(const fs::path& file, const Line& line, const std::optional<Column>& column) {
  const auto fields =
      column ? split_fields(line.text, column->separator) : std::vector<std::string>{line.text};
  const size_t index = column ? column->index : 0;
  std::string text = index < fields.size() ? trimmed(fields[index]) : "";
  const bool has_percent_sign = text.ends_with('%');
  if (has_percent_sign) {
    text = trimmed(text.substr(0, text.size() - 1));
  }
  const auto number = parse_number(text);
  if (!number) {
    fail(file, line.number,
         in_quotes(trimmed(line.text)) +
             (column ? " has no number under 'accuracy'"
                     : " is not one number; expected one per line (0.9724, 97.24 or 97.24 %, with "
                       "a point, not a comma), or columns with tabs or commas between them under a "
                       "heading that calls one of them 'accuracy'"));
  }
  return {*number, has_percent_sign, line.number};
}

/// Whether the file is in per cent; the unit of one number alone would be a guess.
bool is_percent(const fs::path& file, const std::vector<Entry>& entries) {
  const auto percent = [](const Entry& entry) {
    return entry.has_percent_sign || entry.number > 1;
  };
  const Entry& first = entries.front();
  for (const auto& entry : entries) {
    if (entry.number < 0 || entry.number > 100) {
      fail(file, entry.line, "no accuracy: expected a fraction from 0 to 1, or per cent up to 100");
    }
    if (percent(entry) != percent(first) || entry.has_percent_sign != first.has_percent_sign) {
      fail(file, entry.line,
           "not in the unit of line " + std::to_string(first.line) +
               "; expected fractions from 0 to 1 in the whole file, or per cent, all of them above "
               "1 or all with a % behind them");
    }
  }
  return percent(first);
}

}  // namespace

std::vector<double> read_accuracies(const fs::path& path) {
  std::error_code error;
  const fs::path file = fs::is_directory(path, error) ? path / "results.tsv" : path;
  if (file != path && !fs::exists(file, error)) {
    throw FileError(path.string() +
                    ": a folder without results.tsv, which sanas_eval --seeds writes");
  }
  const auto lines = lines_of(file);
  const auto column = lines.empty() ? std::nullopt : find_column(file, lines.front());
  std::vector<Entry> entries;
  for (auto line = lines.begin() + (column ? 1 : 0); line != lines.end(); ++line) {
    entries.push_back(read_entry(file, *line, column));
  }
  if (entries.empty()) {
    throw FileError(file.string() + ": no accuracies");
  }
  const double unit = is_percent(file, entries) ? 100.0 : 1.0;
  std::vector<double> accuracies;
  for (const auto& entry : entries) {
    accuracies.push_back(entry.number / unit);
  }
  return accuracies;
}

}  // namespace sanas
