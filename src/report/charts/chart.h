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
  /// Number of its colour and dashes, see style_class.
  int style = 0;
};

enum class ChartKind {
  kFull,   ///< with legend, note and table
  kSmall,  ///< one of many that share a legend and a range
};

/// Lines over a common axis. What draws them: chart_figure.h on a page, chart_sheet.h in a file of
/// their own.
struct Chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool logarithmic = false;
  std::vector<ChartSeries> series;
  /// On a page.
  ChartKind kind = ChartKind::kFull;
  /// The range of y; by default that of the points.
  std::optional<std::pair<double, double>> y_range;
  /// What the points 0, 1, 2, … of x stand for; empty: x is a number.
  std::vector<std::string> x_names;
  /// Stands behind the title of a small chart.
  std::string remark;
};

}  // namespace sanas
