// SPDX-License-Identifier: Apache-2.0
#include "line_chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "format.h"
#include "html.h"

namespace sanas {
namespace {

constexpr int kWidth = 440;
constexpr int kHeight = 300;
constexpr int kLeft = 60;
constexpr int kTop = 34;
constexpr int kRight = 16;
constexpr int kBottom = 76;
constexpr int kLegendLine = 20;
constexpr int kPlotWidth = kWidth - kLeft - kRight;
constexpr int kPlotHeight = kHeight - kTop - kBottom;
// Okabe and Ito's colours, which people who don't see red or green tell apart.
constexpr std::array<const char*, 7> kColors{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                             "#56b4e9", "#e69f00", "#000000"};

std::string color(size_t line) { return kColors[line % kColors.size()]; }

std::string text_at(double x, double y, const std::string& text, const std::string& style) {
  return format("<text x=\"%.1f\" y=\"%.1f\" ", x, y) + style + ">" + escape_html(text) +
         "</text>\n";
}

class Panel {
 public:
  explicit Panel(const LineChart& chart) : chart_(chart) {
    for (const auto& line : chart.lines) {
      for (const double value : line) {
        if (std::isfinite(value)) {
          highest_ = std::max(highest_, value);
          lowest_ = std::min(lowest_, value);
        }
      }
    }
    if (chart.ticks.empty()) {
      highest_ = std::min(1.0, std::ceil(highest_ * 10.0) / 10.0);
    } else {
      highest_ = 1.0;
    }
    lowest_ = std::min(chart.lowest, std::floor(lowest_ * 5.0) / 5.0);
  }

  std::string draw() const {
    std::string svg = text_at(kLeft + kPlotWidth / 2.0, 20, chart_.title,
                              "text-anchor=\"middle\" font-weight=\"bold\"");
    svg += frame();
    for (size_t i = 0; i < chart_.lines.size(); ++i) {
      svg += line(chart_.lines[i], i);
    }
    return svg;
  }

 private:
  double x(size_t point, size_t points) const {
    return kLeft + kPlotWidth * static_cast<double>(point) /
                       static_cast<double>(std::max<size_t>(1, points - 1));
  }
  double y(double value) const {
    return kTop + kPlotHeight * (highest_ - value) / (highest_ - lowest_);
  }

  std::string frame() const {
    std::string svg;
    constexpr int kSteps = 4;
    for (int i = 0; i <= kSteps; ++i) {
      const double value = lowest_ + (highest_ - lowest_) * i / kSteps;
      svg += format("<path d=\"M%d %.1fh%d\" stroke=\"#ddd\"/>\n", kLeft, y(value), kPlotWidth);
      svg += text_at(kLeft - 6, y(value) + 4, format("%.2f", value), "text-anchor=\"end\"");
    }
    svg += format("<path d=\"M%d %dv%dh%d\" fill=\"none\" stroke=\"#333\"/>\n", kLeft, kTop,
                  kPlotHeight, kPlotWidth);
    const double bottom = kTop + kPlotHeight;
    if (chart_.ticks.empty()) {
      for (int i = 0; i <= kSteps; ++i) {
        svg += text_at(kLeft + kPlotWidth * i / kSteps, bottom + 16,
                       format("%.2f", i / static_cast<double>(kSteps)), "text-anchor=\"middle\"");
      }
      svg += text_at(kLeft + kPlotWidth / 2.0, bottom + 34, chart_.horizontal,
                     "text-anchor=\"middle\"");
    }
    for (size_t i = 0; i < chart_.ticks.size(); ++i) {
      const double at = x(i, chart_.ticks.size());
      svg += text_at(
          at, bottom + 14, chart_.ticks[i],
          format("text-anchor=\"end\" transform=\"rotate(-40 %.1f %.1f)\"", at, bottom + 14));
    }
    return svg + text_at(14, kTop + kPlotHeight / 2.0, chart_.vertical,
                         format("text-anchor=\"middle\" transform=\"rotate(-90 14 %.1f)\"",
                                kTop + kPlotHeight / 2.0));
  }

  std::string line(const std::vector<double>& values, size_t index) const {
    std::string path;
    bool drawing = false;
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i])) {
        path += format("%s%.1f %.1f", drawing ? "L" : "M", x(i, values.size()), y(values[i]));
      }
      drawing = std::isfinite(values[i]);
    }
    return path.empty() ? ""
                        : "<path d=\"" + path + "\" fill=\"none\" stroke-width=\"2\" stroke=\"" +
                              color(index) + "\"/>\n";
  }

  const LineChart& chart_;
  double lowest_ = 0.0;
  double highest_ = 0.0;
};

}  // namespace

std::string line_charts_svg(const std::vector<LineChart>& charts,
                            const std::vector<std::string>& names) {
  const int legend = 10 + kLegendLine * static_cast<int>((names.size() + 1) / 2);
  const int rows = static_cast<int>((charts.size() + 1) / 2);
  std::string svg = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
      "font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" "
      "fill=\"white\"/>\n",
      2 * kWidth, legend + rows * kHeight, 2 * kWidth);
  for (size_t i = 0; i < names.size(); ++i) {
    const int x = kLeft + kWidth * static_cast<int>(i % 2);
    const int y = 18 + kLegendLine * static_cast<int>(i / 2);
    svg += format("<path d=\"M%d %dh24\" stroke-width=\"3\" stroke=\"%s\"/>\n", x, y - 4,
                  color(i).c_str());
    svg += text_at(x + 30, y, names[i], "");
  }
  for (size_t i = 0; i < charts.size(); ++i) {
    svg += format("<g transform=\"translate(%d %d)\">\n", kWidth * static_cast<int>(i % 2),
                  legend + kHeight * static_cast<int>(i / 2)) +
           Panel(charts[i]).draw() + "</g>\n";
  }
  return svg + "</svg>\n";
}

}  // namespace sanas
