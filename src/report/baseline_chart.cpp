// SPDX-License-Identifier: Apache-2.0
#include "report/baseline_chart.h"

#include <algorithm>
#include <numeric>

#include "core/format.h"
#include "report/charts/axes.h"
#include "report/charts/chart_figure.h"
#include "report/charts/plot.h"
#include "report/html.h"
#include "report/quantity_text.h"

namespace sanas {
namespace {

constexpr size_t kMostLines = 60;
constexpr size_t kLongestName = 18;
constexpr int kFoundStyle = 0;
constexpr int kRandomStyle = 7;

// In pixels where the drawing has its natural width.
constexpr double kWidth = 400;
constexpr double kLeft = 116;  // of the names
constexpr double kRight = 70;  // of the values
constexpr double kTop = 6;
constexpr double kBottom = 30;  // of ticks and unit
constexpr double kLine = 20;

/// The trainings that are drawn, and where.
struct Layout {
  std::vector<TrainingScore> scores;
  Range range;
  /// Of the random genotypes; empty without two of them.
  Range random;
  double mean = 0.0;

  double bottom() const { return kTop + kLine * static_cast<double>(scores.size()); }
  double x(double accuracy) const {
    return kLeft + (accuracy - range.low) / (range.high - range.low) * (kWidth - kLeft - kRight);
  }
};

Layout layout_of(const std::vector<TrainingScore>& scores) {
  Layout layout;
  for (const auto& score : scores) {
    if (score.top1) {
      layout.scores.push_back(score);
      layout.range.include(*score.top1);
    }
  }
  const auto random = accuracies_of(scores, false);
  if (random.size() > 1) {
    for (const double accuracy : random) {
      layout.random.include(accuracy);
    }
    layout.mean =
        std::accumulate(random.begin(), random.end(), 0.0) / static_cast<double>(random.size());
  }
  layout.scores.resize(std::min(layout.scores.size(), kMostLines));
  const Range points = layout.range.widened(0.01);
  const double room = 0.08 * (points.high - points.low);
  layout.range = {points.low - room, points.high + room};
  return layout;
}

std::string draw_scale(const Layout& layout) {
  std::string lines;
  std::string labels;
  const Range percents{100.0 * layout.range.low, 100.0 * layout.range.high};
  const auto ticks = linear_ticks(percents, 4);
  for (const double tick : ticks) {
    const double x = layout.x(tick / 100.0);
    lines += format("M%.1f %.1fV%.1f", x, kTop, layout.bottom());
    labels +=
        format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", x, layout.bottom() + 13.0) +
        tick_text(tick, ticks) + "</text>";
  }
  return "<path class=\"grid\" d=\"" + lines + "\"/>" +
         format("<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>", kLeft, layout.bottom(),
                kWidth - kRight) +
         labels +
         format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">top-1 in %%</text>\n",
                kWidth - kRight, layout.bottom() + 26.0);
}

std::string draw_random(const Layout& layout) {
  if (layout.random.empty()) {
    return "";
  }
  const double low = layout.x(layout.random.low);
  return format("<rect class=\"band %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                style_class(kRandomStyle).c_str(), low, kTop,
                std::max(1.0, layout.x(layout.random.high) - low), layout.bottom() - kTop) +
         format("<path class=\"line %s\" d=\"M%.1f %.1fV%.1f\"/>\n",
                style_class(kRandomStyle).c_str(), layout.x(layout.mean), kTop, layout.bottom());
}

std::string draw_score(const TrainingScore& score, const Layout& layout, double middle) {
  const std::string look = score.found ? "found" : "random";
  return format("<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", look.c_str(),
                kLeft - 8.0, middle + 3.5) +
         escape_html(first_characters(score.name, kLongestName)) + "</text>" +
         format("<circle class=\"dot %s\" r=\"%d\" cx=\"%.1f\" cy=\"%.1f\"/>",
                style_class(score.found ? kFoundStyle : kRandomStyle).c_str(), score.found ? 6 : 4,
                layout.x(*score.top1), middle) +
         format("<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", look.c_str(), kWidth - kRight + 6.0,
                middle + 3.5) +
         percent_text(*score.top1) + "</text>\n";
}

std::string spoken(const Layout& layout) {
  std::string text = "Top-1 on the test images:";
  for (const auto& score : layout.scores) {
    text += " " + score.name + (score.found ? " (found) " : " (random) ") +
            percent_text(*score.top1) + ".";
  }
  return text;
}

std::string legend(const Layout& layout) {
  std::string items;
  const auto dot = [](const char* name, int style, int radius) {
    return "<li><svg class=\"key\" viewBox=\"0 0 24 12\" aria-hidden=\"true\">" +
           format("<circle class=\"dot %s\" r=\"%d\" cx=\"12\" cy=\"6\"/></svg>",
                  style_class(style).c_str(), radius) +
           name + "</li>";
  };
  const auto has = [&](bool found) {
    return std::any_of(layout.scores.begin(), layout.scores.end(),
                       [&](const auto& score) { return score.found == found; });
  };
  items += has(true) ? dot("found genotype", kFoundStyle, 6) : "";
  items += has(false) ? dot("random genotype", kRandomStyle, 4) : "";
  items += layout.random.empty()
               ? ""
               : legend_item("mean of the random ones, on their range", kRandomStyle);
  return "<ul class=\"legend\">" + items + "</ul>\n";
}

}  // namespace

std::string baseline_chart(const std::vector<TrainingScore>& scores) {
  const Layout layout = layout_of(scores);
  if (layout.scores.size() < 2) {
    return "";
  }
  std::string svg = draw_scale(layout) + draw_random(layout);
  double middle = kTop + kLine / 2.0;
  for (const auto& score : layout.scores) {
    svg += draw_score(score, layout, middle);
    middle += kLine;
  }
  const size_t tested = accuracies_of(scores, true).size() + accuracies_of(scores, false).size();
  const size_t more = tested - layout.scores.size();
  return "<figure class=\"chart scores\">\n<figcaption><h4>Top-1 on the test images</h4>"
         "</figcaption>\n" +
         legend(layout) +
         format("<svg class=\"plot\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", kWidth,
                layout.bottom() + kBottom) +
         escape_html(spoken(layout)) + "\">\n" + svg + "</svg>\n</figure>\n" +
         (more == 0 ? ""
                    : "<p class=\"note\">and " + std::to_string(more) + " more in the table</p>\n");
}

}  // namespace sanas
