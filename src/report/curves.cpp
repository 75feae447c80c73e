// SPDX-License-Identifier: Apache-2.0
#include "report/curves.h"

#include <cmath>
#include <set>

#include "formats/json_text.h"
#include "report/chart_plans.h"
#include "report/charts/chart_figure.h"
#include "report/timeline.h"

namespace sanas {
namespace {

constexpr size_t kMostFurtherCharts = 24;

/// The numbers that a line shows.
struct Source {
  std::string phase;
  std::string key;
  double factor = 1.0;
};

/// A number that JSON could not hold stands as null.
ChartSeries collect(const RunContents& run, const Timeline& timeline, const Source& source,
                    const std::string& name, size_t style) {
  ChartSeries series{name, {}, {}, static_cast<int>(style)};
  for (const auto& record : run.metrics) {
    const auto found = record.find(source.key);
    if (text_in(record, "phase") == source.phase && found != record.end() &&
        (found->is_number() || found->is_null())) {
      series.x.push_back(timeline.position(record, is_epoch_phase(source.phase)));
      series.y.push_back(found->is_null() ? NAN : source.factor * found->get<double>());
    }
  }
  return series;
}

Chart empty_chart(const ChartPlan& plan) {
  Chart chart;
  chart.title = plan.title;
  chart.x_label = is_epoch_phase(plan.phase) ? "epoch" : "mini-batch";
  chart.y_label = plan.y_label;
  chart.logarithmic = plan.logarithmic;
  return chart;
}

std::string grid(const std::string& charts) {
  return charts.empty() ? "" : "<div class=\"grid-charts\">\n" + charts + "</div>\n";
}

/// A chart for every number that no plan names, in the order in which they appear.
std::string draw_further_curves(const RunContents& run, const Timeline& timeline) {
  std::set<std::pair<std::string, std::string>> known;
  for (const auto& plan : chart_plans()) {
    for (const auto& line : plan.lines) {
      known.emplace(plan.phase, line.key);
    }
  }
  std::string charts;
  size_t count = 0;
  for (const auto& record : run.metrics) {
    const std::string phase = text_in(record, "phase");
    for (const auto& [key, value] : record.items()) {
      if (!value.is_number() || !number_in(record, "epoch") || placed_elsewhere().contains(key) ||
          key.ends_with("_bytes") || key.ends_with("_seconds") || count >= kMostFurtherCharts ||
          !known.emplace(phase, key).second) {
        continue;
      }
      const ChartPlan plan{phase.c_str(), key.c_str(), "value", false, {}};
      Chart chart = empty_chart(plan);
      chart.series.push_back(collect(run, timeline, {phase, key}, key, 0));
      charts += chart_figure(chart);
      ++count;
    }
  }
  return charts;
}

}  // namespace

std::string draw_curves(const RunContents& run) {
  const Timeline timeline(run);
  const double per_image =
      run.config ? 1.0 / static_cast<double>(run.config->search.batch_size) : NAN;
  std::string charts;
  for (const auto& plan : chart_plans()) {
    Chart chart = empty_chart(plan);
    for (size_t i = 0; i < plan.lines.size(); ++i) {
      const auto& line = plan.lines[i];
      auto series =
          collect(run, timeline, {plan.phase, line.key, line.sum_over_batch ? per_image : 1.0},
                  line.name, i);
      if (!series.x.empty() && !(line.sum_over_batch && !run.config)) {
        chart.series.push_back(std::move(series));
      }
    }
    charts += chart_figure(chart);
  }
  return grid(charts + draw_further_curves(run, timeline));
}

std::string draw_compared_curves(const RunList& runs) {
  std::string charts;
  for (const auto& plan : compared_plans()) {
    Chart chart = empty_chart(plan);
    for (size_t r = 0; r < runs.size(); ++r) {
      auto series = collect(*runs[r], Timeline(*runs[r]), {plan.phase, plan.lines.front().key},
                            runs[r]->name, r);
      if (!series.x.empty()) {
        chart.series.push_back(std::move(series));
      }
    }
    charts += chart.series.size() > 1 ? chart_figure(chart) : "";
  }
  return grid(charts);
}

}  // namespace sanas
