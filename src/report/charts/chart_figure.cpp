// SPDX-License-Identifier: Apache-2.0
#include "report/charts/chart_figure.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/format.h"
#include "report/charts/plot.h"
#include "report/html.h"
#include "report/quantity_text.h"

namespace sanas {
namespace {

using json = nlohmann::ordered_json;

constexpr Frame kFullFrame{400, 232, 50, 12, 20, 30, 5, true};
constexpr Frame kSmallFrame{190, 104, 32, 6, 6, 18, 3, false};

/// Rounded to what the page shows; as it is where that is no number any more.
double rounded(double value) {
  const std::string text = format("%.4g", value);
  double result = 0.0;
  const auto error = std::from_chars(text.data(), text.data() + text.size(), result).ec;
  return error == std::errc() ? result : value;
}

/// What the script needs to name the point below the pointer.
std::string data_script(const Chart& chart, const Plot& plot, const Frame& frame) {
  json series = json::array();
  for (const auto& curve : plot.curves()) {
    json x = json::array();
    json y = json::array();
    for (size_t i = 0; i < curve.x.size(); ++i) {
      if (!std::isnan(curve.mean[i])) {
        x.push_back(static_cast<int64_t>(std::llround(curve.x[i])));
        y.push_back(rounded(curve.mean[i]));
      }
    }
    series.push_back({{"name", curve.name}, {"x", x}, {"y", y}});
  }
  const Range range = plot.axes().x_range();
  const json data{{"label", chart.x_label},
                  {"range", {range.low, range.high}},
                  {"box", {frame.left, frame.top, frame.plot_width(), frame.plot_height()}},
                  {"series", series}};
  return "<script type=\"application/json\">" +
         inside_script(data.dump(-1, ' ', false, json::error_handler_t::replace)) + "</script>\n";
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

std::string legend_item(const std::string& name, int style) {
  return "<li><svg class=\"key\" viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"line " +
         style_class(style) + "\" d=\"M1 4H23\"/></svg>" + escape_html(name) + "</li>";
}

std::string chart_figure(const Chart& chart) {
  const bool full = chart.kind == ChartKind::kFull;
  const Frame& frame = full ? kFullFrame : kSmallFrame;
  const Plot plot(chart, frame);
  if (plot.empty()) {
    return "";
  }
  std::string html =
      full ? "<figure class=\"chart\">\n<figcaption><h4>" + escape_html(chart.title) +
                 "</h4></figcaption>\n" + legend(plot.curves())
           : "<figure class=\"chart small\">\n<figcaption>" + escape_html(chart.title) +
                 (chart.remark.empty() ? "" : " <b>" + escape_html(chart.remark) + "</b>") +
                 "</figcaption>\n";
  html += format("<svg class=\"plot\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" ", frame.width,
                 frame.height) +
          (full ? "tabindex=\"0\" " : "") + "aria-label=\"" + escape_html(spoken(chart)) + "\">\n" +
          plot.draw() + "</svg>\n<output class=\"readout\"></output>\n" +
          data_script(chart, plot, frame);
  if (full) {
    html += note_of(chart, plot.curves()) + number_table(chart);
  }
  return html += "</figure>\n";
}

}  // namespace sanas
