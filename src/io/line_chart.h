// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace sanas {

/// Lines over a common horizontal axis: evenly spaced points from 0 to 1, or one per tick.
struct LineChart {
  std::string title;
  std::string horizontal;
  std::string vertical;
  /// Of the vertical axis, which ends at 1 or where the largest value is.
  double lowest = 0.0;
  std::vector<std::vector<double>> lines;
  /// Names of the points; empty: a scale from 0 to 1.
  std::vector<std::string> ticks;
};

/// Charts side by side, two in a row, under a legend of the lines' names. Values that are not
/// finite interrupt a line.
std::string line_charts_svg(const std::vector<LineChart>& charts,
                            const std::vector<std::string>& names);

}  // namespace sanas
