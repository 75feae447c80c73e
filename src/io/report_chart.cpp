// SPDX-License-Identifier: Apache-2.0
#include "report_chart.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "format.h"
#include "html.h"

namespace sanas {
namespace {

constexpr size_t kMostPoints = 240;
constexpr int kStyles = 10;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Of a drawing, in its own units: one is a pixel where the chart has its natural width.
struct Frame {
  double width, height, left, right, top, bottom;
  double plot_width() const { return width - left - right; }
  double plot_height() const { return height - top - bottom; }
};

constexpr Frame kFullFrame{400, 232, 50, 12, 20, 30};
constexpr Frame kSmallFrame{190, 104, 32, 6, 6, 18};

struct Range {
  double low = kInfinity;
  double high = -kInfinity;

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
  /// The same with some room where it is a single value.
  Range widened(double by) const { return low < high ? *this : Range{low - by, high + by}; }
};

/// A series as it is drawn.
struct Curve {
  std::string name;
  int style = 0;
  std::vector<double> x, mean, low, high;
  bool reduced = false;
  size_t gaps = 0;
};

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
  Curve curve{series.name, series.style % kStyles, {}, {}, {}, {}};
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

/// 1, 2 or 5 times a power of ten, so that about `count` steps fill the range.
double tick_step(const Range& range, double count) {
  const double raw = (range.high - range.low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double part = raw / power;
  return power * (part < 1.5 ? 1.0 : part < 3.0 ? 2.0 : part < 7.0 ? 5.0 : 10.0);
}

std::vector<double> linear_ticks(const Range& range, double count) {
  std::vector<double> ticks;
  const double step = tick_step(range, count);
  const double first = std::ceil(range.low / step - 1e-9);
  const double steps = std::floor((range.high - first * step) / step + 1e-9);
  for (double k = 0.0; k <= steps; ++k) {
    ticks.push_back((first + k) * step);
  }
  return ticks;
}

/// Powers of ten, or parts of them in a range that has none to speak of.
std::vector<double> logarithmic_ticks(const Range& range) {
  const double low = std::ceil(std::log10(range.low) - 1e-9);
  const double high = std::floor(std::log10(range.high) + 1e-9);
  const double every = std::max(1.0, std::ceil((high - low) / 6.0));
  std::vector<double> ticks;
  for (double power = low; power <= high; ++power) {
    if (std::fmod(power - low, every) == 0.0) {
      ticks.push_back(std::pow(10.0, power));
    }
  }
  return ticks.size() >= 2 ? ticks : linear_ticks(range, 4);
}

/// "10⁻⁵".
std::string power_text(int exponent) {
  constexpr std::array<const char*, 10> kDigits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "10⁻" : "10";
  for (const char digit : std::to_string(std::abs(exponent))) {
    text += kDigits[static_cast<size_t>(digit - '0')];
  }
  return text;
}

/// All ticks of an axis alike: with the same decimals, or as powers of ten.
std::string tick_text(double value, const std::vector<double>& ticks) {
  double most = 0.0;
  double gap = kInfinity;
  bool powers = true;
  for (size_t i = 0; i < ticks.size(); ++i) {
    most = std::max(most, std::abs(ticks[i]));
    gap = i == 0 ? gap : std::min(gap, ticks[i] - ticks[i - 1]);
    const double exponent = ticks[i] > 0.0 ? std::log10(ticks[i]) : 0.5;
    powers = powers && std::abs(exponent - std::round(exponent)) < 1e-9;
  }
  const double least = powers && !ticks.empty() ? ticks.front() : gap;
  if (powers && (most >= 1e5 || least < 1e-3)) {
    return power_text(static_cast<int>(std::lround(std::log10(value))));
  }
  if (most >= 1e6 || least < 1e-6 || ticks.size() < 2) {
    return format("%.3g", std::abs(value) < 1e-9 * most ? 0.0 : value);
  }
  if (powers) {
    return format("%.6g", value);
  }
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(gap) + 1e-9)));
  return std::abs(value) < 1e-9 * most ? "0" : format("%.*f", decimals, value);
}

/// Where values are in the drawing.
class Axes {
 public:
  Axes(const Chart& chart, const std::vector<Curve>& curves, const Frame& frame)
      : frame_(frame), logarithmic_(chart.logarithmic) {
    for (const auto& curve : curves) {
      for (size_t i = 0; i < curve.x.size(); ++i) {
        if (!std::isnan(curve.mean[i])) {
          x_.include(curve.x[i]);
          y_.include(curve.low[i]);
          y_.include(curve.high[i]);
          whole_ = whole_ && curve.low[i] == std::round(curve.low[i]) &&
                   curve.high[i] == std::round(curve.high[i]);
        }
      }
    }
    empty_ = y_.empty();
    if (empty_) {
      return;
    }
    x_ = x_.widened(1.0);
    if (chart.y_range) {
      y_ = {chart.y_range->first, chart.y_range->second};
    }
    if (logarithmic_) {
      y_ = y_.low < y_.high ? Range{y_.low / 1.15, y_.high * 1.15}
                            : Range{y_.low / 2.0, y_.high * 2.0};
    } else {
      y_ = y_.widened(whole_ || y_.low == 0.0 ? 1.0 : 0.1 * std::abs(y_.low));
      if (!chart.y_range) {
        const double room = 0.04 * (y_.high - y_.low);
        y_ = {y_.low >= 0.0 && y_.low < 3 * room ? 0.0 : y_.low - room, y_.high + room};
      }
    }
  }

  bool empty() const { return empty_; }
  const Range& x_range() const { return x_; }
  double x(double value) const {
    return frame_.left + (value - x_.low) / (x_.high - x_.low) * frame_.plot_width();
  }
  double y(double value) const {
    const double part =
        logarithmic_ ? (std::log(value) - std::log(y_.low)) / (std::log(y_.high) - std::log(y_.low))
                     : (value - y_.low) / (y_.high - y_.low);
    return frame_.height - frame_.bottom - part * frame_.plot_height();
  }
  /// Steps and epochs are whole.
  std::vector<double> x_ticks(double count) const { return whole_ticks(linear_ticks(x_, count)); }
  std::vector<double> y_ticks(double count) const {
    const auto ticks = logarithmic_ ? logarithmic_ticks(y_) : linear_ticks(y_, count);
    return whole_ ? whole_ticks(ticks) : ticks;
  }

 private:
  static std::vector<double> whole_ticks(std::vector<double> ticks) {
    std::erase_if(ticks, [](double tick) { return std::abs(tick - std::round(tick)) > 1e-9; });
    return ticks;
  }

  const Frame& frame_;
  bool logarithmic_;
  bool whole_ = true;  ///< all values
  bool empty_ = true;
  Range x_;
  Range y_;
};

std::string point(double x, double y) { return format("%.1f %.1f", x, y); }

std::string style_class(int style) { return "s" + std::to_string(style); }

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

std::string draw_axes(const Chart& chart, const Axes& axes, const Frame& frame) {
  const bool full = chart.kind == ChartKind::kFull;
  const double bottom = frame.height - frame.bottom;
  std::string lines;
  std::string labels;
  const auto y_ticks = axes.y_ticks(full ? 5 : 3);
  for (const double tick : y_ticks) {
    const double y = axes.y(tick);
    lines += format("M%.1f %.1fH%.1f", frame.left, y, frame.width - frame.right);
    labels += format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", frame.left - 5, y + 3.5) +
              tick_text(tick, y_ticks) + "</text>";
  }
  const auto x_ticks = axes.x_ticks(full ? 5 : 3);
  for (const double tick : x_ticks) {
    labels +=
        format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", axes.x(tick), bottom + 13) +
        tick_text(tick, x_ticks) + "</text>";
  }
  if (full) {
    labels += format("<text class=\"unit\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
                     frame.width - frame.right, frame.height - 5) +
              escape_html(chart.x_label) + "</text>" +
              format("<text class=\"unit\" x=\"%.1f\" y=\"11\">", frame.left) +
              escape_html(chart.y_label) + "</text>";
  }
  return "<path class=\"grid\" d=\"" + lines + "\"/>" +
         format("<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>", frame.left, bottom,
                frame.width - frame.right) +
         "<g class=\"ticks\">" + labels + "</g>\n";
}

/// Rounded to what the page shows; as it is where that is no number any more.
double rounded(double value) {
  const std::string text = format("%.4g", value);
  double result = 0.0;
  const auto error = std::from_chars(text.data(), text.data() + text.size(), result).ec;
  return error == std::errc() ? result : value;
}

/// What the script needs to name the point below the pointer.
std::string data_script(const Chart& chart, const std::vector<Curve>& curves, const Axes& axes,
                        const Frame& frame) {
  nlohmann::ordered_json series = nlohmann::ordered_json::array();
  for (const auto& curve : curves) {
    nlohmann::ordered_json x = nlohmann::ordered_json::array();
    nlohmann::ordered_json y = nlohmann::ordered_json::array();
    for (size_t i = 0; i < curve.x.size(); ++i) {
      if (!std::isnan(curve.mean[i])) {
        x.push_back(static_cast<int64_t>(std::llround(curve.x[i])));
        y.push_back(rounded(curve.mean[i]));
      }
    }
    series.push_back({{"name", curve.name}, {"x", x}, {"y", y}});
  }
  nlohmann::ordered_json data{
      {"label", chart.x_label},
      {"range", {axes.x_range().low, axes.x_range().high}},
      {"box", {frame.left, frame.top, frame.plot_width(), frame.plot_height()}},
      {"series", series}};
  std::string text = data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  for (size_t at = 0; (at = text.find('<', at)) != std::string::npos;) {
    text.replace(at, 1, "\\u003c");  // nothing in it can end the script
  }
  return "<script type=\"application/json\">" + text + "</script>\n";
}

/// First, last, lowest and highest finite value.
struct Summary {
  size_t count = 0;
  double first = NAN;
  double last = NAN;
  Range range;
};

Summary summarize(const ChartSeries& series) {
  Summary summary;
  for (const double value : series.y) {
    if (std::isfinite(value)) {
      summary.first = summary.count == 0 ? value : summary.first;
      summary.last = value;
      summary.range.include(value);
      ++summary.count;
    }
  }
  return summary;
}

std::string spoken(const Chart& chart) {
  std::string text = chart.title + ": lines over the " + chart.x_label + ".";
  for (const auto& series : chart.series) {
    const Summary summary = summarize(series);
    if (summary.count > 0) {
      text += " " + series.name + ": " + short_number(summary.first) + " at first, " +
              short_number(summary.last) + " at last.";
    }
  }
  return text;
}

std::string number_table(const Chart& chart) {
  HtmlTable table{escape_html(chart.title) + ", in numbers",
                  {"line", "values", "first", "last", "lowest", "highest"},
                  {},
                  "numbers"};
  for (const auto& series : chart.series) {
    const Summary summary = summarize(series);
    if (summary.count > 0) {
      table.rows.push_back({escape_html(series.name), std::to_string(summary.count),
                            short_number(summary.first), short_number(summary.last),
                            short_number(summary.range.low), short_number(summary.range.high)});
    }
  }
  return folded("Numbers", to_html(table));
}

std::string legend(const std::vector<Curve>& curves) {
  std::string items;
  for (const auto& curve : curves) {
    items += legend_item(curve.name, curve.style);
  }
  return "<ul class=\"legend\">" + items + "</ul>\n";
}

std::string note_of(const Chart& chart, const std::vector<Curve>& curves) {
  std::string note;
  if (std::any_of(curves.begin(), curves.end(), [](const Curve& curve) { return curve.reduced; })) {
    note += "Means of short intervals; the bands reach from their lowest to their highest value. ";
  }
  size_t gaps = 0;
  for (const auto& curve : curves) {
    gaps += curve.gaps;
  }
  if (gaps > 0) {
    note += std::to_string(gaps) +
            (chart.logarithmic ? " values are not finite, too large or not above zero"
                               : " values are not finite or too large") +
            " and not shown. ";
  }
  return note.empty() ? "" : "<p class=\"note\">" + note + "</p>\n";
}

}  // namespace

std::string short_number(double number) {
  if (!std::isfinite(number)) {
    return std::isnan(number) ? "NaN" : number > 0 ? "∞" : "−∞";
  }
  return format("%.4g", number);
}

std::string legend_item(const std::string& name, int style) {
  return "<li><svg class=\"key\" viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"line " +
         style_class(style % kStyles) + "\" d=\"M1 4H23\"/></svg>" + escape_html(name) + "</li>";
}

std::string draw_chart(const Chart& chart) {
  const bool full = chart.kind == ChartKind::kFull;
  const Frame& frame = full ? kFullFrame : kSmallFrame;
  std::vector<Curve> curves;
  for (const auto& series : chart.series) {
    curves.push_back(reduce(series, chart.logarithmic));
  }
  const Axes axes(chart, curves, frame);
  if (axes.empty()) {
    return "";
  }
  std::string html =
      full ? "<figure class=\"chart\">\n<figcaption><h4>" + escape_html(chart.title) +
                 "</h4></figcaption>\n" + legend(curves)
           : "<figure class=\"chart small\">\n<figcaption>" + escape_html(chart.title) +
                 (chart.remark.empty() ? "" : " <b>" + escape_html(chart.remark) + "</b>") +
                 "</figcaption>\n";
  html += format("<svg class=\"plot\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" ", frame.width,
                 frame.height) +
          (full ? "tabindex=\"0\" " : "") + "aria-label=\"" + escape_html(spoken(chart)) + "\">\n" +
          draw_axes(chart, axes, frame);
  for (const auto& curve : curves) {
    html += draw_band(curve, axes);
  }
  for (const auto& curve : curves) {
    html += draw_line(curve, axes);
  }
  html += "</svg>\n<output class=\"readout\"></output>\n" + data_script(chart, curves, axes, frame);
  if (full) {
    html += note_of(chart, curves) + number_table(chart);
  }
  return html += "</figure>\n";
}

}  // namespace sanas
