// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sanas {

/// The place of a drawing, in its own units: one is a pixel where it has its natural width.
struct Frame {
  double width, height, left, right, top, bottom;
  /// About how many ticks an axis has.
  double ticks;
  /// Whether there is room to name the axes.
  bool named;

  double plot_width() const { return width - left - right; }
  double plot_height() const { return height - top - bottom; }
};

/// The lowest and the highest of some values.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double value);
  bool empty() const { return low > high; }
  /// The same with some room where it is a single value.
  Range widened(double by) const { return low < high ? *this : Range{low - by, high + by}; }
};

/// Round numbers in a range: a step of 1, 2 or 5 times a power of ten, so that about `count` fill
/// it.
std::vector<double> linear_ticks(const Range& range, double count);

/// Powers of ten, or parts of them in a range that has none to speak of.
std::vector<double> logarithmic_ticks(const Range& range);

/// The text of one of an axis's ticks. All are alike: with the same decimals, or as powers of ten.
std::string tick_text(double value, const std::vector<double>& ticks);

/// What points take up, and what is known of them.
struct Extent {
  Range x;
  Range y;
  /// Whether all values are whole numbers; their ticks then are, too.
  bool whole_x = true;
  bool whole_y = true;
  bool logarithmic = false;
  /// The range of the axis y, where that of the points does not decide.
  std::optional<std::pair<double, double>> y_range;
};

/// Where values are in a drawing.
class Axes {
 public:
  /// @param extent not empty in y.
  Axes(const Extent& extent, const Frame& frame);

  const Range& x_range() const { return x_; }
  double x(double value) const;
  double y(double value) const;
  std::vector<double> x_ticks() const;
  std::vector<double> y_ticks() const;

 private:
  Frame frame_;
  bool logarithmic_;
  bool whole_x_;
  bool whole_y_;
  Range x_;
  Range y_;
};

}  // namespace sanas
