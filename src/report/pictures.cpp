// SPDX-License-Identifier: Apache-2.0
// Pictures and tables that lie in a run folder.
#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "formats/delimited_text.h"
#include "report/html.h"
#include "report/quantity_text.h"
#include "report/run_files.h"
#include "report/sections.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostPictureBytes = 900'000;
constexpr size_t kMostRows = 200;
constexpr size_t kMostColumns = 40;

bool in_folder_itself(const fs::path& file) { return !file.has_parent_path(); }

/// Sheets of images and drawings; the maps of single images stay files.
bool is_picture(const RunContents& run, const fs::path& file) {
  const std::string name = file.filename().string();
  if (!in_folder_itself(file)) {
    const auto& columns = run.columns;
    return name == run_files::kContactSheet &&
           std::find(columns.begin(), columns.end(), file.parent_path()) != columns.end();
  }
  const bool sheet = name == run_files::kHeatMaps || name.find("sheet") != std::string::npos;
  return (file.extension() == ".png" && sheet) || file.extension() == ".svg";
}

std::string caption_of(const fs::path& file) {
  if (file.filename() == run_files::kHeatMaps) {
    return "What the network looks at: some images, their saliency, and both over each other";
  }
  const std::string column = file.parent_path().string();
  std::string text = file.stem().string() + (column.empty() ? "" : " of " + column);
  std::replace(text.begin(), text.end(), '_', ' ');
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string link(const RunContents& run, const fs::path& file, const fs::path& page_folder) {
  return "<a href=\"" + relative_link(run.folder / file, page_folder) + "\">" +
         escape_html(file.string()) + "</a>";
}

std::string cannot_be_read(const RunContents& run, const fs::path& file,
                           const fs::path& page_folder) {
  return "<p>" + link(run, file, page_folder) + " can't be read.</p>\n";
}

/// The saliency metrics, whose lines are one column's mean and interval in one metric, with the
/// columns side by side.
HtmlTable side_by_side(const HtmlTable& table) {
  HtmlTable result{table.caption + ": mean and 95 % interval", {"metric"}, {}, table.style};
  for (const auto& line : table.rows) {
    if (line.size() < 5) {
      continue;
    }
    auto column = std::find(result.head.begin() + 1, result.head.end(), line[0]);
    if (column == result.head.end()) {
      column = result.head.insert(column, line[0]);
    }
    auto row = std::find_if(result.rows.begin(), result.rows.end(),
                            [&](const auto& known) { return known.front() == line[1]; });
    if (row == result.rows.end()) {
      row = result.rows.insert(row, {line[1]});
    }
    const auto place = static_cast<size_t>(column - result.head.begin());
    row->resize(std::max(row->size(), place + 1), "–");
    const std::string limits = line[3].empty() ? "undefined" : line[3] + ", " + line[4];
    (*row)[place] = line[2] + " <small>[" + limits + "]</small>";
  }
  for (auto& row : result.rows) {
    row.resize(result.head.size(), "–");
  }
  return result;
}

/// A number with few digits; anything else as it is.
std::string shortened(const std::string& text) {
  double number = 0.0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? short_number(number) : text;
}

/// The picture with its caption, or a remark where it can't be read.
std::string figure(const RunContents& run, const fs::path& file, const fs::path& page_folder) {
  const std::string caption = escape_html(caption_of(file));
  const std::string type = file.extension() == ".svg" ? "image/svg+xml" : "image/png";
  try {
    return "<figure class=\"picture\"><div class=\"scroll paper\" role=\"region\" tabindex=\"0\" "
           "aria-label=\"" +
           caption + "\"><img alt=\"" + caption + "\" src=\"" +
           data_uri(type, read_text_file(run.folder / file)) + "\"></div><figcaption>" + caption +
           " (" + link(run, file, page_folder) + ")</figcaption></figure>\n";
  } catch (const FileError&) {
    return cannot_be_read(run, file, page_folder);
  }
}

std::string csv_table(const RunContents& run, const fs::path& file, const fs::path& page_folder) {
  std::ifstream stream(run.folder / file);
  if (!stream) {
    return cannot_be_read(run, file, page_folder);
  }
  HtmlTable table{escape_html(caption_of(file)), {}, {}, "numbers"};
  size_t more = 0;
  for (std::string line; std::getline(stream, line);) {
    if (line.empty()) {
      continue;
    }
    auto cells = split_fields(line, ',');
    cells.resize(std::min(cells.size(), kMostColumns));
    for (auto& cell : cells) {
      cell = escape_html(shortened(cell));
    }
    if (table.head.empty()) {
      table.head = cells;
    } else if (table.rows.size() < kMostRows) {
      table.rows.push_back(cells);
    } else {
      ++more;
    }
  }
  const std::vector<std::string> metrics{"column", "metric", "mean", "low", "high", "count"};
  return to_html(table.head == metrics ? side_by_side(table) : table) +
         (more == 0 ? "" : "<p class=\"note\">and " + std::to_string(more) + " more rows</p>\n");
}

}  // namespace

std::string pictures_section(const RunContents& run, const fs::path& page_folder,
                             PictureRoom& room) {
  std::string html;
  auto files = run.files;  // those of the columns come after what compares them
  std::stable_partition(files.begin(), files.end(), in_folder_itself);
  for (const auto& file : files) {
    if (is_picture(run, file)) {
      std::error_code error;
      const auto size = fs::file_size(run.folder / file, error);
      if (error || size > std::min(kMostPictureBytes, room.left)) {
        html +=
            "<p>" + link(run, file, page_folder) + " is too large to be part of this page.</p>\n";
        continue;
      }
      room.left -= size;
      html += figure(run, file, page_folder);
    } else if (in_folder_itself(file) && file.extension() == ".csv") {
      html += csv_table(run, file, page_folder);
    }
  }
  return html;
}

}  // namespace sanas
