// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/saliency_tables.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "format.h"
#include "line_chart.h"

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

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) {
    return field;
  }
  std::string text = "\"";
  for (const char c : field) {
    text += c == '"' ? "\"\"" : std::string(1, c);
  }
  return text + "\"";
}

std::string number(double value) { return std::isfinite(value) ? format("%.17g", value) : ""; }

/// Length on a terminal: bytes that don't continue a UTF-8 character.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string padded(const std::string& text, size_t size) {
  return text + std::string(size > width(text) ? size - width(text) : 0, ' ');
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
        size = std::max(size, width(other[c]));
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
      text += quoted(column.column) + "," + quoted(metric) + "," + number(interval.mean) + "," +
              number(interval.low) + "," + number(interval.high) + "," +
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
  std::vector<std::string> names;
  LineChart deletion{"Deletion", "share of pixels deleted", "probability of the target", 0.0, {},
                     {}};
  LineChart insertion{"Insertion", "share of pixels inserted", "probability of the target", 0.0, {},
                      {}};
  LineChart ranks{"Randomised from the output on",
                  "",
                  "rank correlation with the trained map",
                  -0.2,
                  {},
                  {"none"}};
  LineChart similarity{
      "Randomised from the output on", "", "SSIM with the trained map", -0.2, {}, {"none"}};
  for (const auto& column : columns) {
    names.push_back(column.column);
    deletion.lines.push_back(column.deletion_curve);
    insertion.lines.push_back(column.insertion_curve);
    ranks.lines.push_back(mean_of_layers(column, true));
    similarity.lines.push_back(mean_of_layers(column, false));
  }
  for (const auto& layer : columns.front().randomization) {
    ranks.ticks.push_back(layer.layer);
    similarity.ticks.push_back(layer.layer);
  }
  return line_charts_svg({deletion, insertion, ranks, similarity}, names);
}

}  // namespace sanas
