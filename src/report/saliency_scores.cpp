// SPDX-License-Identifier: Apache-2.0
#include "report/saliency_scores.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/format.h"
#include "core/utf8.h"
#include "formats/delimited_text.h"
#include "report/charts/chart_sheet.h"

namespace sanas {
namespace {

using nlohmann::ordered_json;

struct Row {
  std::string metric;
  MeanInterval interval;
};

/// Every metric of a column, the randomised layers last.
std::vector<Row> summarize(const ColumnScores& column, const BootstrapOptions& options) {
  std::vector<Row> rows;
  for (const auto& metric : column.metrics) {
    rows.push_back({metric.name, bootstrap_mean(metric.values, options)});
  }
  for (const auto& layer : column.randomization) {
    const std::string name = "randomized/" + layer.layer;
    rows.push_back({name + "/rank_correlation", bootstrap_mean(layer.rank_correlation, options)});
    rows.push_back({name + "/ssim", bootstrap_mean(layer.structural_similarity, options)});
  }
  return rows;
}

/// What a reader has to know of a metric.
std::string remark(const std::string& metric) {
  static const std::map<std::string, std::string> remarks{
      {"deletion_area", "lower is better"},
      {"insertion_area", "higher is better"},
      {"pointing_game", "higher is better; mask_share by chance"},
      {"energy_in_mask", "higher is better; mask_share by chance"},
      {"best_iou", "higher is better"},
      {"fixed_iou", "higher is better"},
      {"average_precision", "higher is better; mask_share by chance"},
      {"mask_share", "of the masks, not of the maps"},
      {"seed_agreement", "1: does not depend on the method's own seed"},
      {"noise_sensitivity", "lower is steadier"}};
  const auto found = remarks.find(metric);
  if (found != remarks.end()) {
    return found->second;
  }
  return metric.starts_with("randomized/") || metric.starts_with("random_labels")
             ? "lower: depends on what was learned"
         : metric.starts_with("other_seed") ? "higher: does not depend on the training's seed"
                                            : "";
}

std::string number(double value) { return std::isfinite(value) ? format("%.17g", value) : ""; }

std::string padded(const std::string& text, size_t size) {
  return text + std::string(size > code_points(text) ? size - code_points(text) : 0, ' ');
}

ordered_json json_of(const MeanInterval& interval) {
  const auto value = [](double x) { return std::isfinite(x) ? ordered_json(x) : ordered_json(); };
  return {{"mean", value(interval.mean)},
          {"low", value(interval.low)},
          {"high", value(interval.high)},
          {"count", interval.count}};
}

std::vector<double> mean_of_layers(const ColumnScores& column, bool ranks) {
  std::vector<double> means{1.0};  // nothing randomised yet
  for (const auto& layer : column.randomization) {
    const auto& values = ranks ? layer.rank_correlation : layer.structural_similarity;
    means.push_back(bootstrap_mean(values, {.resamples = 1, .confidence = 0.5}).mean);
  }
  return means;
}

Chart curve_chart(const std::string& title, const std::string& pixels) {
  Chart chart;
  chart.title = title;
  chart.x_label = pixels;
  chart.y_label = "probability of the target";
  chart.y_range = {0.0, 0.0};
  return chart;
}

Chart layer_chart(const std::string& similarity, const std::vector<std::string>& layers) {
  Chart chart;
  chart.title = "Randomised from the output on";
  chart.y_label = similarity;
  chart.y_range = {-0.2, 1.0};
  chart.x_names = layers;
  return chart;
}

/// A line from 0 to 1, or of one point for each name; the axis gets room for it, in tenths.
void add_line(Chart& chart, const std::string& name, const std::vector<double>& values) {
  ChartSeries series{name, {}, values, static_cast<int>(chart.series.size())};
  const bool named = !chart.x_names.empty();
  const double length = named || values.size() < 2 ? 1.0 : static_cast<double>(values.size() - 1);
  auto& [low, high] = *chart.y_range;
  for (const double value : values) {
    series.x.push_back(static_cast<double>(series.x.size()) / length);
    if (std::isfinite(value)) {
      low = std::min(low, std::floor(10.0 * value) / 10.0);
      high = std::max(high, std::ceil(10.0 * value) / 10.0);
    }
  }
  chart.series.push_back(std::move(series));
}

}  // namespace

std::string scores_text(const std::vector<ColumnScores>& columns, const BootstrapOptions& options) {
  std::vector<std::string> metrics;
  std::vector<std::map<std::string, MeanInterval>> cells;
  for (const auto& column : columns) {
    auto& cell = cells.emplace_back();
    for (const auto& row : summarize(column, options)) {
      cell[row.metric] = row.interval;
      if (std::find(metrics.begin(), metrics.end(), row.metric) == metrics.end()) {
        metrics.push_back(row.metric);
      }
    }
  }
  std::vector<std::vector<std::string>> table{{"metric"}};
  for (const auto& column : columns) {
    table.front().push_back(column.column);
  }
  table.front().emplace_back();
  for (const auto& metric : metrics) {
    auto& line = table.emplace_back();
    line.push_back(metric);
    for (const auto& cell : cells) {
      const auto found = cell.find(metric);
      line.push_back(
          found == cell.end() || found->second.count == 0
              ? "-"
              : with_interval(3, found->second.mean, found->second.low, found->second.high));
    }
    line.push_back(remark(metric));
  }
  std::string text;
  for (const auto& line : table) {
    std::string row;
    for (size_t c = 0; c < line.size(); ++c) {
      size_t size = 0;
      for (const auto& other : table) {
        size = std::max(size, code_points(other[c]));
      }
      row += padded(line[c], size) + "  ";
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string scores_csv(const std::vector<ColumnScores>& columns, const BootstrapOptions& options) {
  std::string text = "column,metric,mean,low,high,count\n";
  for (const auto& column : columns) {
    for (const auto& [metric, interval] : summarize(column, options)) {
      text += csv_field(column.column) + "," + csv_field(metric) + "," + number(interval.mean) +
              "," + number(interval.low) + "," + number(interval.high) + "," +
              std::to_string(interval.count) + "\n";
    }
  }
  return text;
}

std::string scores_json(const std::vector<ColumnScores>& columns, const BootstrapOptions& options) {
  ordered_json list = ordered_json::array();
  for (const auto& column : columns) {
    ordered_json metrics = ordered_json::object();
    for (const auto& metric : column.metrics) {
      metrics[metric.name] = json_of(bootstrap_mean(metric.values, options));
    }
    ordered_json layers = ordered_json::array();
    for (const auto& layer : column.randomization) {
      layers.push_back(
          {{"layer", layer.layer},
           {"rank_correlation", json_of(bootstrap_mean(layer.rank_correlation, options))},
           {"ssim", json_of(bootstrap_mean(layer.structural_similarity, options))}});
    }
    list.push_back({{"column", column.column},
                    {"images", column.images.size()},
                    {"metrics", metrics},
                    {"deletion_curve", column.deletion_curve},
                    {"insertion_curve", column.insertion_curve},
                    {"randomization", layers}});
  }
  const ordered_json object{{"confidence", options.confidence},
                            {"resamples", options.resamples},
                            {"seed", options.seed},
                            {"columns", list}};
  return object.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string image_scores_jsonl(const std::vector<ColumnScores>& columns) {
  std::string text;
  for (const auto& column : columns) {
    for (size_t i = 0; i < column.images.size(); ++i) {
      ordered_json line{{"column", column.column}, {"image", column.images[i]}};
      const auto add = [&](const std::string& metric, const std::vector<double>& values) {
        if (i < values.size() && std::isfinite(values[i])) {
          line[metric] = values[i];
        }
      };
      for (const auto& metric : column.metrics) {
        add(metric.name, metric.values);
      }
      for (const auto& layer : column.randomization) {
        add("randomized/" + layer.layer + "/rank_correlation", layer.rank_correlation);
        add("randomized/" + layer.layer + "/ssim", layer.structural_similarity);
      }
      text += line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
    }
  }
  return text;
}

std::string scores_svg(const std::vector<ColumnScores>& columns) {
  std::vector<std::string> layers{"none"};
  for (const auto& layer : columns.front().randomization) {
    layers.push_back(layer.layer);
  }
  Chart deletion = curve_chart("Deletion", "share of pixels deleted");
  Chart insertion = curve_chart("Insertion", "share of pixels inserted");
  Chart ranks = layer_chart("rank correlation with the trained map", layers);
  Chart similarity = layer_chart("SSIM with the trained map", layers);
  for (const auto& column : columns) {
    add_line(deletion, column.column, column.deletion_curve);
    add_line(insertion, column.column, column.insertion_curve);
    add_line(ranks, column.column, mean_of_layers(column, true));
    add_line(similarity, column.column, mean_of_layers(column, false));
  }
  return chart_sheet({deletion, insertion, ranks, similarity});
}

}  // namespace sanas
