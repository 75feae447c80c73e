// SPDX-License-Identifier: Apache-2.0
#include "report/confusion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/format.h"
#include "formats/json_text.h"
#include "report/html.h"
#include "report/quantity_text.h"

namespace sanas {
namespace {

using json = nlohmann::ordered_json;

constexpr size_t kMostClasses = 2000;
constexpr size_t kMostNamed = 24;  // classes with their names beside the drawing
constexpr size_t kLongestName = 18;
constexpr size_t kMostPairs = 10;
constexpr size_t kLevels = 8;
constexpr double kSide = 440.0;

struct Confusion {
  std::vector<std::string> classes;
  std::vector<std::vector<double>> counts;  // counts[true][predicted]
  std::vector<double> images;               // of each true class
};

/// Empty where the report has none that can be drawn.
Confusion read_confusion(const json& test) {
  const auto classes = test.find("classes");
  const auto rows = test.find("confusion");
  if (classes == test.end() || rows == test.end() || !rows->is_array() || rows->empty() ||
      rows->size() > kMostClasses || !classes->is_array() || classes->size() != rows->size()) {
    return {};
  }
  Confusion confusion;
  for (size_t k = 0; k < rows->size(); ++k) {
    const auto& row = (*rows)[k];
    if (!row.is_array() || row.size() != rows->size()) {
      return {};
    }
    auto& counts = confusion.counts.emplace_back();
    double sum = 0.0;
    for (const auto& count : row) {
      if (!count.is_number_unsigned()) {
        return {};
      }
      counts.push_back(count.get<double>());
      sum += counts.back();
    }
    confusion.images.push_back(sum);
    confusion.classes.push_back(text_in((*classes)[k], "name"));
  }
  return confusion;
}

/// One path for each shade, of one square per cell. Square roots keep rare confusions visible.
std::string squares(const Confusion& confusion) {
  std::array<std::string, kLevels> paths;
  for (size_t row = 0; row < confusion.counts.size(); ++row) {
    for (size_t column = 0; column < confusion.counts.size(); ++column) {
      const double count = confusion.counts[row][column];
      if (count > 0.0) {
        const double shade = std::sqrt(count / confusion.images[row]) * kLevels;
        const auto level = std::clamp<size_t>(static_cast<size_t>(std::ceil(shade)), 1, kLevels);
        paths[level - 1] += format("M%zu %zuh1v1h-1z", column, row);
      }
    }
  }
  std::string svg;
  for (size_t level = 0; level < kLevels; ++level) {
    if (!paths[level].empty()) {
      svg += format("<path fill-opacity=\"%.3f\" d=\"",
                    static_cast<double>(level + 1) / static_cast<double>(kLevels)) +
             paths[level] + "\"/>\n";
    }
  }
  return svg;
}

/// Names of the rows, at the left, and of the columns, below and turned.
std::string names(const Confusion& confusion, double left, double top) {
  const size_t count = confusion.classes.size();
  const double cell = kSide / static_cast<double>(count);
  std::string svg;
  for (size_t k = 0; k < count && count <= kMostNamed; ++k) {
    const std::string name = escape_html(first_characters(confusion.classes[k], kLongestName));
    const double middle = (static_cast<double>(k) + 0.5) * cell;
    svg +=
        format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", left - 5.0, top + middle + 3.5) +
        name + "</text>\n";
    svg += format("<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"end\">",
                  left + middle + 3.5, top + kSide + 5.0) +
           name + "</text>\n";
  }
  return svg;
}

std::string drawing(const Confusion& confusion) {
  const size_t count = confusion.classes.size();
  const double margin = count <= kMostNamed ? 120.0 : 22.0;
  const double top = 6.0;
  double all = 0.0;
  double right = 0.0;
  for (size_t k = 0; k < count; ++k) {
    all += confusion.images[k];
    right += confusion.counts[k][k];
  }
  const std::string words =
      format("Confusion matrix of %zu classes; %.1f %% of the images are on its diagonal", count,
             all > 0.0 ? 100.0 * right / all : 0.0);
  return format("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">\n",
                margin + kSide + top, top + kSide + margin, words.c_str()) +
         format("<g transform=\"translate(%.1f %.1f) scale(%.6f)\">\n", margin, top,
                kSide / static_cast<double>(count)) +
         squares(confusion) + "</g>\n" +
         format("<rect class=\"axis\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                margin, top, kSide, kSide) +
         names(confusion, margin, top) +
         format(
             "<text transform=\"translate(13 %.1f) rotate(-90)\" text-anchor=\"middle\">true class"
             "</text>\n<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">predicted class</text>\n",
             top + kSide / 2.0, margin + kSide / 2.0, top + kSide + margin - 6.0) +
         "</svg>\n";
}

struct Pair {
  size_t truth = 0;
  size_t predicted = 0;
  double count = 0.0;
};

std::string most_confused(const Confusion& confusion) {
  std::vector<Pair> pairs;
  for (size_t row = 0; row < confusion.counts.size(); ++row) {
    for (size_t column = 0; column < confusion.counts.size(); ++column) {
      if (row != column && confusion.counts[row][column] > 0.0) {
        pairs.push_back({row, column, confusion.counts[row][column]});
      }
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.count > b.count; });
  pairs.resize(std::min(pairs.size(), kMostPairs));
  HtmlTable table{
      "Most often confused", {"class", "taken for", "images", "of the class"}, {}, "numbers"};
  for (const auto& pair : pairs) {
    table.rows.push_back({escape_html(confusion.classes[pair.truth]),
                          escape_html(confusion.classes[pair.predicted]), count_text(pair.count),
                          format("%.1f %%", 100.0 * pair.count / confusion.images[pair.truth])});
  }
  return to_html(table);
}

}  // namespace

std::string draw_confusion(const json& test) {
  const Confusion confusion = read_confusion(test);
  if (confusion.classes.empty()) {
    return "";
  }
  return "<figure class=\"confusion\">\n<figcaption><h4>Confusion matrix</h4><p class=\"note\">The "
         "darker, the more of a class's images; the square root of their share, so that rare "
         "confusions show.</p></figcaption>\n" +
         drawing(confusion) + "</figure>\n" + most_confused(confusion);
}

}  // namespace sanas
