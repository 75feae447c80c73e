// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/charts/axes.h"
#include "report/charts/chart.h"

namespace sanas {

/// A series as it is drawn. A long one is reduced to short intervals: their means, lowest and
/// highest values, NaN for a gap.
struct Curve {
  std::string name;
  int style = 0;
  std::vector<double> x, mean, low, high;
  bool reduced = false;
  size_t gaps = 0;  ///< values that can't be shown
};

/// The lines of a chart in a frame, as both a page and a file show them.
class Plot {
 public:
  /// Both must outlive the plot.
  Plot(const Chart& chart, const Frame& frame);

  /// Whether no point can be shown; there is nothing to draw then, and no axes.
  bool empty() const { return extent_.y.empty(); }
  const std::vector<Curve>& curves() const { return curves_; }
  Axes axes() const { return {extent_, frame_}; }

  /// Grid, ticks, names of the axes, bands and lines as elements of SVG. Their classes get a look
  /// from the style around them.
  std::string draw() const;

 private:
  const Chart& chart_;
  const Frame& frame_;
  std::vector<Curve> curves_;
  Extent extent_;
};

/// The class that gives an element the colour and dashes of a line. There are ten, after which they
/// begin anew.
std::string style_class(int style);

}  // namespace sanas
