// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sanas {

/// Points of one line in the order of x. A y that is not finite makes a gap.
struct ChartSeries {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  /// Number of its colour and dashes in the page's style.
  int style = 0;
};

enum class ChartKind {
  kFull,   ///< with legend, note and table
  kSmall,  ///< one of many that share a legend and a range
};

struct Chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool logarithmic = false;
  std::vector<ChartSeries> series;
  ChartKind kind = ChartKind::kFull;
  /// The range of y; by default that of the points.
  std::optional<std::pair<double, double>> y_range;
  /// Stands behind the title of a small chart.
  std::string remark;
};

/// The chart as a <figure>: SVG, legend, a table of first, last, lowest and highest values, and the
/// points as JSON for the page's script. A long series is shown by the means of short intervals,
/// with a band from their lowest to their highest value. Empty if no point can be shown.
std::string draw_chart(const Chart& chart);

/// The entry of a legend.
std::string legend_item(const std::string& name, int style);

/// A number with at most four significant digits.
std::string short_number(double number);

}  // namespace sanas
