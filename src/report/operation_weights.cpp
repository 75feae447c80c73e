// SPDX-License-Identifier: Apache-2.0
#include "report/operation_weights.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "formats/json_text.h"
#include "report/charts/chart_figure.h"
#include "report/html.h"
#include "report/quantity_text.h"
#include "report/timeline.h"

namespace sanas {
namespace {

/// One edge's weights: by operation, over the epochs.
struct EdgeHistory {
  std::vector<double> epochs;
  std::vector<std::pair<std::string, std::vector<double>>> operations;

  std::vector<double>& of(const std::string& operation) {
    for (auto& [name, weights] : operations) {
      if (name == operation) {
        return weights;
      }
    }
    return operations.emplace_back(operation, std::vector<double>()).second;
  }
};

std::vector<EdgeHistory> edge_histories(const RunContents& run, bool reduction) {
  std::vector<EdgeHistory> edges;
  const Timeline timeline(run);
  for (const auto& record : run.metrics) {
    const auto cell = record.find(reduction ? "reduce" : "normal");
    if (text_in(record, "phase") != "operation_weights" || cell == record.end() ||
        !cell->is_array()) {
      continue;
    }
    edges.resize(std::max(edges.size(), cell->size()));
    for (size_t e = 0; e < cell->size(); ++e) {
      auto& edge = edges[e];
      if (!(*cell)[e].is_object()) {
        continue;
      }
      edge.epochs.push_back(timeline.position(record, true));
      for (const auto& [operation, weight] : (*cell)[e].items()) {
        auto& weights = edge.of(operation);
        weights.resize(edge.epochs.size() - 1, NAN);  // a stage without this operation
        weights.push_back(weight.is_number() ? weight.get<double>() : NAN);
      }
    }
  }
  for (auto& edge : edges) {
    for (auto& [name, weights] : edge.operations) {
      weights.resize(edge.epochs.size(), NAN);
    }
  }
  return edges;
}

/// Sources and targets of edges are numbered node by node (see CellTopology).
struct EdgeEnds {
  int source = 0;
  int node = 0;
};

EdgeEnds ends_of(size_t edge) {
  int node = 0;
  auto left = static_cast<int>(edge);
  for (; left >= node + 2; ++node) {
    left -= node + 2;
  }
  return {left, node};
}

std::string edge_name(const EdgeEnds& ends) {
  const std::string source = ends.source == 0   ? "c(k−2)"
                             : ends.source == 1 ? "c(k−1)"
                                                : std::to_string(ends.source - 2);
  return source + " → " + std::to_string(ends.node);
}

/// The operation that the genotype keeps on an edge; empty for none.
std::string kept_operation(const RunContents& run, bool reduction, const EdgeEnds& ends) {
  if (!run.genotype) {
    return "";
  }
  const auto& genes = (reduction ? run.genotype->reduce : run.genotype->normal).genes;
  for (size_t i = 0; i < 2; ++i) {
    const size_t gene = 2 * static_cast<size_t>(ends.node) + i;
    if (gene < genes.size() && genes[gene].source == ends.source) {
      return to_string(genes[gene].operation);
    }
  }
  return "";
}

std::string weight_table(const RunContents& run, bool reduction,
                         const std::vector<EdgeHistory>& edges,
                         const std::vector<std::string>& operations) {
  HtmlTable table{std::string("Operation weights of the ") + (reduction ? "reduction" : "normal") +
                      " cell after the last epoch; ✓ marks what the genotype keeps",
                  {"edge"},
                  {},
                  "weights"};
  for (const auto& operation : operations) {
    table.head.push_back(escape_html(operation));
  }
  for (size_t e = 0; e < edges.size(); ++e) {
    const EdgeEnds ends = ends_of(e);
    const std::string kept = kept_operation(run, reduction, ends);
    std::vector<std::string> row{edge_name(ends)};
    for (const auto& operation : operations) {
      double weight = NAN;
      for (const auto& [name, weights] : edges[e].operations) {
        weight = name == operation ? weights.back() : weight;
      }
      if (std::isnan(weight)) {
        row.emplace_back("–");
        continue;
      }
      const int shade = static_cast<int>(std::clamp(weight, 0.0, 1.0) * 100.0);
      row.push_back("<span class=\"weight\" style=\"--w:" + std::to_string(shade) + "%\">" +
                    short_number(weight) + (operation == kept ? " <b>✓</b>" : "") + "</span>");
    }
    table.rows.push_back(row);
  }
  return to_html(table);
}

}  // namespace

std::string draw_operation_weights(const RunContents& run, bool reduction) {
  const auto edges = edge_histories(run, reduction);
  std::vector<std::string> operations;
  double lowest = 1.0;
  double highest = 0.0;
  for (const auto& edge : edges) {
    for (const auto& [name, weights] : edge.operations) {
      if (std::find(operations.begin(), operations.end(), name) == operations.end()) {
        operations.push_back(name);
      }
      for (const double weight : weights) {
        lowest = std::isfinite(weight) ? std::min(lowest, weight) : lowest;
        highest = std::isfinite(weight) ? std::max(highest, weight) : highest;
      }
    }
  }
  if (operations.empty() || highest < lowest) {
    return "";
  }
  std::string legend;
  for (size_t i = 0; i < operations.size(); ++i) {
    legend += legend_item(operations[i], static_cast<int>(i));
  }
  std::string charts;
  for (size_t e = 0; e < edges.size(); ++e) {
    const EdgeEnds ends = ends_of(e);
    Chart chart;
    chart.title = edge_name(ends);
    chart.remark = kept_operation(run, reduction, ends);
    chart.x_label = "epoch";
    chart.kind = ChartKind::kSmall;
    const double room = std::max(0.001, 0.05 * (highest - lowest));
    chart.y_range = {lowest - room, highest + room};  // the same for all edges
    for (size_t i = 0; i < operations.size(); ++i) {
      for (const auto& [name, weights] : edges[e].operations) {
        if (name == operations[i]) {
          chart.series.push_back({name, edges[e].epochs, weights, static_cast<int>(i)});
        }
      }
    }
    charts += chart_figure(chart);
  }
  return "<ul class=\"legend\">" + legend + "</ul>\n<div class=\"grid-small\">\n" + charts +
         "</div>\n" + weight_table(run, reduction, edges, operations);
}

}  // namespace sanas
