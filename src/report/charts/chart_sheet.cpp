// SPDX-License-Identifier: Apache-2.0
#include "report/charts/chart_sheet.h"

#include "core/format.h"
#include "report/assets.h"
#include "report/charts/plot.h"
#include "report/html.h"

namespace sanas {
namespace {

constexpr size_t kInRow = 2;
constexpr double kWidth = 440;
constexpr double kHeight = 306;
constexpr double kLegendLine = 20;
constexpr Frame kFrame{kWidth, kHeight, 52, 20, 60, 32, 5, true};
constexpr Frame kFrameOfNames{kWidth, kHeight, 52, 20, 60, 80, 5, true};

double rows_of(size_t count) { return static_cast<double>((count + kInRow - 1) / kInRow); }

/// Where the element of that number begins, in columns and rows of a size.
std::string group_at(size_t number, double row_height, double top) {
  return format("<g transform=\"translate(%.0f %.0f)\">",
                kWidth * static_cast<double>(number % kInRow),
                top + row_height * static_cast<double>(number / kInRow));
}

std::string legend(const std::vector<ChartSeries>& series) {
  std::string svg;
  for (size_t i = 0; i < series.size(); ++i) {
    svg += group_at(i, kLegendLine, 0.0) + "<path class=\"line " + style_class(series[i].style) +
           format("\" d=\"M%.0f 16h24\"/><text class=\"name\" x=\"%.0f\" y=\"20\">", kFrame.left,
                  kFrame.left + 32) +
           escape_html(series[i].name) + "</text></g>\n";
  }
  return svg;
}

/// A chart without a point that can be shown is its title alone.
std::string panel(const Chart& chart) {
  const Plot plot(chart, chart.x_names.empty() ? kFrame : kFrameOfNames);
  return format("<text class=\"title\" x=\"%.0f\" y=\"32\">", kFrame.left) +
         escape_html(chart.title) + "</text>\n" + (plot.empty() ? "" : plot.draw());
}

}  // namespace

std::string chart_sheet(const std::vector<Chart>& charts) {
  const auto& series = charts.front().series;
  const double top = 16 + kLegendLine * rows_of(series.size());
  const double width = kWidth * kInRow;
  const double height = top + kHeight * rows_of(charts.size());
  std::string svg = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
      "height=\"%.0f\">\n<style>\n",
      width, height, width, height);
  svg += std::string(kSheetStyle) +
         "</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n" + legend(series);
  for (size_t i = 0; i < charts.size(); ++i) {
    svg += group_at(i, kHeight, top) + "\n" + panel(charts[i]) + "</g>\n";
  }
  return svg + "</svg>\n";
}

}  // namespace sanas
