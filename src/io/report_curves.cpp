// SPDX-License-Identifier: Apache-2.0
#include "report_curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "html.h"
#include "report_chart.h"

namespace sanas {
namespace {

using json = nlohmann::ordered_json;

struct PlannedLine {
  const char* key;
  const char* name;
  bool sum_over_batch = false;  ///< shown per image
};

struct ChartPlan {
  const char* phase;
  const char* title;
  const char* y_label;
  bool logarithmic;
  std::vector<PlannedLine> lines;
};

const std::vector<ChartPlan>& chart_plans() {
  static const std::vector<ChartPlan> plans{
      {"search",
       "Losses of the four levels",
       "loss",
       false,
       {{"train1_loss", "I: W1, training"},
        {"attack_loss", "II: δ, attack, per image", true},
        {"train2_loss", "III: W2, training"},
        {"validation1_loss", "IV: A, validation of W1"},
        {"validation2_loss", "IV: A, validation of W2"}}},
      {"search_epoch",
       "Mean losses of the epochs",
       "loss",
       false,
       {{"train1_loss", "W1, training"},
        {"train2_loss", "W2, training"},
        {"validation1_loss", "W1, validation"}}},
      {"search_epoch",
       "Accuracies of the epochs",
       "top-1",
       false,
       {{"train1_top1", "W1, training"},
        {"train2_top1", "W2, training"},
        {"validation1_top1", "W1, validation"}}},
      {"search",
       "Accuracies of the mini-batches",
       "top-1",
       false,
       {{"train1_top1", "W1"}, {"train2_top1", "W2"}}},
      {"search", "Learning rate", "rate", false, {{"learning_rate", "W1 and W2"}}},
      {"search_epoch",
       "Entropy of the operation weights",
       "nats",
       false,
       {{"entropy", "mean over all edges"}}},
      {"search",
       "Norms of the hypergradient and its terms",
       "norm",
       true,
       {{"hypergradient_norm", "dO/dA"},
        {"norm_d1", "d1: A in V(W1)"},
        {"norm_d2", "d2: A in V(W2)"},
        {"norm_I1", "I1: through W1"},
        {"norm_I2", "I2: through W2"},
        {"norm_I3", "I3: δ, W2"},
        {"norm_I4", "I4: W1, δ, W2"}}},
      {"search",
       "Cosines of the terms with the hypergradient",
       "cosine",
       false,
       {{"cosine_d1", "d1"},
        {"cosine_d2", "d2"},
        {"cosine_I1", "I1"},
        {"cosine_I2", "I2"},
        {"cosine_I3", "I3"},
        {"cosine_I4", "I4"}}},
      {"search",
       "Gradient norms of the weights",
       "norm",
       true,
       {{"train1_gradient_norm", "W1"}, {"train2_gradient_norm", "W2"}}},
      {"search_epoch",
       "Margin of the genotype and change of A",
       "size",
       true,
       {{"margin", "margin of the weakest choice"},
        {"architecture_change", "largest change since the start"}}},
      {"search_epoch",
       "Largest eigenvalue of the Hessian in A",
       "eigenvalue",
       false,
       {{"eigenvalue", "validation loss of W1"}}},
      {"search_epoch",
       "Skip connections",
       "number",
       false,
       {{"skips_normal", "normal cell"}, {"skips_reduce", "reduction cell"}}},
      {"search",
       "Seconds per update",
       "seconds",
       true,
       {{"train1_seconds", "W1"}, {"train2_seconds", "δ and W2"}, {"architecture_seconds", "A"}}},
      {"train_epoch",
       "Mean losses of the epochs",
       "loss",
       false,
       {{"loss", "training"}, {"validation_loss", "validation"}, {"test_loss", "test"}}},
      {"train_epoch",
       "Accuracies of the epochs",
       "accuracy",
       false,
       {{"top1", "training, top-1"},
        {"validation_top1", "validation, top-1"},
        {"test_top1", "test, top-1"},
        {"top5", "training, top-5"},
        {"validation_top5", "validation, top-5"},
        {"test_top5", "test, top-5"}}},
      {"train", "Loss of the mini-batches", "loss", false, {{"loss", "training"}}},
      {"train", "Accuracy of the mini-batches", "top-1", false, {{"top1", "training"}}},
      {"train", "Learning rate", "rate", false, {{"learning_rate", "all weights"}}},
      {"train", "Drop-path probability", "probability", false, {{"drop_path", "cells"}}},
      {"train", "Gradient norm", "norm", true, {{"gradient_norm", "all weights"}}},
      {"train_epoch", "Seconds per epoch", "seconds", false, {{"seconds", "training and tests"}}},
  };
  return plans;
}

/// What several runs are compared by.
const std::vector<ChartPlan>& compared_plans() {
  static const std::vector<ChartPlan> plans{
      {"search", "Training loss of W1", "loss", false, {{"train1_loss", ""}}},
      {"search_epoch", "Training accuracy of W1", "top-1", false, {{"train1_top1", ""}}},
      {"search_epoch", "Validation accuracy of W1", "top-1", false, {{"validation1_top1", ""}}},
      {"search_epoch", "Entropy of the operation weights", "nats", false, {{"entropy", ""}}},
      {"search", "Norm of the hypergradient", "norm", true, {{"hypergradient_norm", ""}}},
      {"search_epoch",
       "Skip connections of the normal cell",
       "number",
       false,
       {{"skips_normal", ""}}},
      {"train_epoch", "Training loss", "loss", false, {{"loss", ""}}},
      {"train_epoch", "Test loss", "loss", false, {{"test_loss", ""}}},
      {"train_epoch", "Training accuracy", "top-1", false, {{"top1", ""}}},
      {"train_epoch", "Validation accuracy", "top-1", false, {{"validation_top1", ""}}},
      {"train_epoch", "Test accuracy", "top-1", false, {{"test_top1", ""}}},
  };
  return plans;
}

// Keys that say where a line belongs, or that stand in a table.
const std::set<std::string>& placed_elsewhere() {
  static const std::set<std::string> keys{
      "stage",           "epoch",         "step",           "seconds",
      "parameters",      "macs",          "top5",           "learning_rate",
      "skipped_updates", "rollbacks",     "skipped_images", "architecture_passes",
      "train1_passes",   "train2_passes", "max_skips",      "validation_skipped_images"};
  return keys;
}

constexpr size_t kMostFurtherCharts = 24;

bool is_epoch_phase(const std::string& phase) { return phase.ends_with("_epoch"); }

/// Where the records of a phase lie on a common axis: mini-batches, or epochs counted from 1, of
/// all stages one after the other.
class Timeline {
 public:
  explicit Timeline(const ReportRun& run) {
    for (const auto& record : run.metrics) {
      const auto stage =
          static_cast<size_t>(std::clamp(number_in(record, "stage").value_or(0.0), 0.0, 99.0));
      steps_.resize(std::max(steps_.size(), stage + 1));
      epochs_.resize(steps_.size());
      const bool whole = is_epoch_phase(text_in(record, "phase"));
      steps_[stage] =
          std::max(steps_[stage], number_in(record, "step").value_or(0.0) + (whole ? 0.0 : 1.0));
      epochs_[stage] = std::max(epochs_[stage], number_in(record, "epoch").value_or(0.0) + 1.0);
    }
  }

  double position(const json& record, bool epochs) const {
    const auto stage =
        static_cast<size_t>(std::clamp(number_in(record, "stage").value_or(0.0), 0.0, 99.0));
    const auto& lengths = epochs ? epochs_ : steps_;
    double before = 0.0;
    for (size_t i = 0; i < stage && i < lengths.size(); ++i) {
      before += lengths[i];
    }
    return before + (epochs ? number_in(record, "epoch").value_or(0.0) + 1.0
                            : number_in(record, "step").value_or(0.0));
  }

 private:
  std::vector<double> steps_;
  std::vector<double> epochs_;
};

/// A number that JSON could not hold stands as null.
ChartSeries collect(const ReportRun& run, const Timeline& timeline, const std::string& phase,
                    const std::string& key, const std::string& name, int style,
                    double factor = 1.0) {
  ChartSeries series{name, {}, {}, style};
  for (const auto& record : run.metrics) {
    const auto found = record.find(key);
    if (text_in(record, "phase") == phase && found != record.end() &&
        (found->is_number() || found->is_null())) {
      series.x.push_back(timeline.position(record, is_epoch_phase(phase)));
      series.y.push_back(found->is_null() ? NAN : factor * found->get<double>());
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
std::string draw_further_curves(const ReportRun& run, const Timeline& timeline) {
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
      chart.series.push_back(collect(run, timeline, phase, key, key, 0));
      charts += draw_chart(chart);
      ++count;
    }
  }
  return charts;
}

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

std::vector<EdgeHistory> edge_histories(const ReportRun& run, bool reduction) {
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
std::string kept_operation(const ReportRun& run, bool reduction, const EdgeEnds& ends) {
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

std::string weight_table(const ReportRun& run, bool reduction,
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

std::string draw_curves(const ReportRun& run) {
  const Timeline timeline(run);
  const double per_image =
      run.config ? 1.0 / static_cast<double>(run.config->search.batch_size) : NAN;
  std::string charts;
  for (const auto& plan : chart_plans()) {
    Chart chart = empty_chart(plan);
    for (size_t i = 0; i < plan.lines.size(); ++i) {
      const auto& line = plan.lines[i];
      auto series = collect(run, timeline, plan.phase, line.key, line.name, static_cast<int>(i),
                            line.sum_over_batch ? per_image : 1.0);
      if (!series.x.empty() && !(line.sum_over_batch && !run.config)) {
        chart.series.push_back(std::move(series));
      }
    }
    charts += draw_chart(chart);
  }
  return grid(charts + draw_further_curves(run, timeline));
}

std::string draw_compared_curves(const std::vector<ReportRun>& runs) {
  std::string charts;
  for (const auto& plan : compared_plans()) {
    Chart chart = empty_chart(plan);
    for (size_t r = 0; r < runs.size(); ++r) {
      auto series = collect(runs[r], Timeline(runs[r]), plan.phase, plan.lines.front().key,
                            runs[r].name, static_cast<int>(r));
      if (!series.x.empty()) {
        chart.series.push_back(std::move(series));
      }
    }
    charts += chart.series.size() > 1 ? draw_chart(chart) : "";
  }
  return grid(charts);
}

std::string draw_operation_weights(const ReportRun& run, bool reduction) {
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
    charts += draw_chart(chart);
  }
  return "<ul class=\"legend\">" + legend + "</ul>\n<div class=\"grid-small\">\n" + charts +
         "</div>\n" + weight_table(run, reduction, edges, operations);
}

}  // namespace sanas
