// SPDX-License-Identifier: Apache-2.0
#include "report/charts/plot.h"

#include <algorithm>
#include <cmath>

#include "core/format.h"
#include "report/html.h"

namespace sanas {
namespace {

constexpr size_t kMostPoints = 240;

/// True for what a chart can show: not what the distance of two points would not fit a number for.
bool shown(double value, bool logarithmic) {
  constexpr double kLargest = 1e300;
  return std::abs(value) <= kLargest && (!logarithmic || value > 0.0);
}

/// Numbers so small that parts of them are zero are zero.
double without_subnormal(double value) {
  constexpr double kSmallest = 1e-300;
  return std::abs(value) < kSmallest ? 0.0 : value;
}

Curve reduce(const ChartSeries& series, bool logarithmic) {
  Curve curve{series.name, series.style, {}, {}, {}, {}};
  const size_t count = std::min(series.x.size(), series.y.size());
  const size_t intervals = std::min(count, kMostPoints);
  curve.reduced = count > kMostPoints;
  for (size_t k = 0; k < intervals; ++k) {
    Range x;
    Range y;
    double sum = 0.0;
    double points = 0.0;
    for (size_t i = k * count / intervals; i < (k + 1) * count / intervals; ++i) {
      const double value = without_subnormal(series.y[i]);
      x.include(series.x[i]);
      if (shown(value, logarithmic)) {
        y.include(value);
        sum += value;
        points += 1.0;
      } else {
        ++curve.gaps;
      }
    }
    const bool gap = y.empty();
    curve.x.push_back((x.low + x.high) / 2.0);
    curve.mean.push_back(gap ? NAN : sum / points);
    curve.low.push_back(gap ? NAN : y.low);
    curve.high.push_back(gap ? NAN : y.high);
  }
  return curve;
}

bool is_whole(double value) { return value == std::round(value); }

Extent extent_of(const Chart& chart, const std::vector<Curve>& curves) {
  Extent extent;
  extent.logarithmic = chart.logarithmic;
  extent.y_range = chart.y_range;
  for (const auto& series : chart.series) {
    extent.whole_x = extent.whole_x && std::all_of(series.x.begin(), series.x.end(), is_whole);
  }
  for (const auto& curve : curves) {
    for (size_t i = 0; i < curve.x.size(); ++i) {
      if (!std::isnan(curve.mean[i])) {
        extent.x.include(curve.x[i]);
        extent.y.include(curve.low[i]);
        extent.y.include(curve.high[i]);
        extent.whole_y = extent.whole_y && is_whole(curve.low[i]) && is_whole(curve.high[i]);
      }
    }
  }
  return extent;
}

std::string point(double x, double y) { return format("%.1f %.1f", x, y); }

/// The line, broken at gaps; a point between two gaps becomes a dot.
std::string draw_line(const Curve& curve, const Axes& axes) {
  std::string path;
  std::string dots;
  for (size_t i = 0; i < curve.x.size();) {
    size_t end = i;
    while (end < curve.x.size() && !std::isnan(curve.mean[end])) {
      ++end;
    }
    for (size_t k = i; k < end; ++k) {
      path += (k == i ? "M" : "L") + point(axes.x(curve.x[k]), axes.y(curve.mean[k]));
    }
    if (end == i + 1) {
      dots += "<circle class=\"dot " + style_class(curve.style) + "\" r=\"3\" cx=\"" +
              format("%.1f", axes.x(curve.x[i])) + "\" cy=\"" +
              format("%.1f", axes.y(curve.mean[i])) + "\"/>";
    }
    i = std::max(end, i + 1);
  }
  const std::string title = "<title>" + escape_html(curve.name) + "</title>";
  return "<path class=\"line " + style_class(curve.style) + "\" d=\"" + path + "\">" + title +
         "</path>" + dots + "\n";
}

/// From the lowest to the highest values of a reduced series.
std::string draw_band(const Curve& curve, const Axes& axes) {
  std::string there;
  std::string back;
  for (size_t i = 0; curve.reduced && i < curve.x.size(); ++i) {
    if (!std::isnan(curve.mean[i])) {
      const double x = axes.x(curve.x[i]);
      there += (there.empty() ? "M" : "L") + point(x, axes.y(curve.high[i]));
      back.insert(0, "L" + point(x, axes.y(curve.low[i])));
    }
  }
  return there.empty() ? ""
                       : "<path class=\"band " + style_class(curve.style) + "\" d=\"" + there +
                             back + "Z\"/>\n";
}

/// Numbers below the axis, or names turned so that long ones have room.
std::string x_labels(const Chart& chart, const Axes& axes, double top) {
  std::string labels;
  const auto ticks = axes.x_ticks();
  for (const double tick : chart.x_names.empty() ? ticks : std::vector<double>()) {
    labels += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", axes.x(tick), top) +
              tick_text(tick, ticks) + "</text>";
  }
  for (size_t i = 0; i < chart.x_names.size(); ++i) {
    const double x = axes.x(static_cast<double>(i));
    labels += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" ", x, top) +
              format("transform=\"rotate(-40 %.1f %.1f)\">", x, top) +
              escape_html(chart.x_names[i]) + "</text>";
  }
  return labels;
}

std::string draw_axes(const Chart& chart, const Axes& axes, const Frame& frame) {
  const double bottom = frame.height - frame.bottom;
  std::string lines;
  std::string labels;
  const auto ticks = axes.y_ticks();
  for (const double tick : ticks) {
    const double y = axes.y(tick);
    lines += format("M%.1f %.1fH%.1f", frame.left, y, frame.width - frame.right);
    labels += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", frame.left - 5, y + 3.5) +
              tick_text(tick, ticks) + "</text>";
  }
  labels += x_labels(chart, axes, bottom + 13);
  if (frame.named) {
    labels += format("<text class=\"unit\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
                     frame.width - frame.right, frame.height - 5) +
              escape_html(chart.x_label) + "</text>" +
              format("<text class=\"unit\" x=\"%.1f\" y=\"%.0f\">", frame.left, frame.top - 9) +
              escape_html(chart.y_label) + "</text>";
  }
  return "<path class=\"grid\" d=\"" + lines + "\"/>" +
         format("<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>", frame.left, bottom,
                frame.width - frame.right) +
         "<g class=\"ticks\">" + labels + "</g>\n";
}

}  // namespace

Plot::Plot(const Chart& chart, const Frame& frame) : chart_(chart), frame_(frame) {
  for (const auto& series : chart.series) {
    curves_.push_back(reduce(series, chart.logarithmic));
  }
  extent_ = extent_of(chart, curves_);
}

std::string Plot::draw() const {
  const Axes scale = axes();
  std::string svg = draw_axes(chart_, scale, frame_);
  for (const auto& curve : curves_) {
    svg += draw_band(curve, scale);
  }
  for (const auto& curve : curves_) {
    svg += draw_line(curve, scale);
  }
  return svg;
}

std::string style_class(int style) {
  constexpr int kStyles = 10;
  return "s" + std::to_string(style % kStyles);
}

}  // namespace sanas
