// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/format.h"
#include "formats/json_text.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/quantity_text.h"
#include "report/sections.h"

namespace sanas {
namespace {

/// Means over the logged updates of one level.
struct LevelCost {
  double updates = 0.0;
  double seconds = 0.0;
  double passes = 0.0;
  double peak_bytes = 0.0;
};

LevelCost cost_of(const RunContents& run, const std::string& level) {
  LevelCost cost;
  for (const auto& record : run.metrics) {
    if (const auto seconds = number_in(record, level + "_seconds")) {
      cost.updates += 1.0;
      cost.seconds += *seconds;
      cost.passes += number_in(record, level + "_passes").value_or(1.0);
      cost.peak_bytes =
          std::max(cost.peak_bytes, number_in(record, level + "_peak_memory_bytes").value_or(0.0));
    }
  }
  return cost;
}

std::vector<std::string> cost_row(const std::string& name, const LevelCost& cost,
                                  const std::string& every) {
  return {name,
          every,
          count_text(cost.updates),
          short_number(cost.passes / cost.updates),
          format("%.3g s", cost.seconds / cost.updates),
          cost.peak_bytes > 0.0 ? bytes_text(cost.peak_bytes) : "–"};
}

}  // namespace

std::string cost_section(const RunContents& run) {
  HtmlTable table{"Means over the logged updates",
                  {"level", "every", "logged", "passes", "time", "memory up to"},
                  {},
                  "numbers"};
  const auto every = [&](int64_t batches) {
    return !run.config    ? "–"
           : batches == 1 ? "mini-batch"
                          : std::to_string(batches) + " mini-batches";
  };
  const auto frequency = run.config ? run.config->search.update_every : UpdateSchedule{};
  const auto weights1 = cost_of(run, "train1");
  const auto weights2 = cost_of(run, "train2");
  const auto architecture = cost_of(run, "architecture");
  if (weights1.updates > 0.0) {
    table.rows.push_back(cost_row("W1", weights1, every(frequency.weights1)));
  }
  if (weights2.updates > 0.0) {
    table.rows.push_back(cost_row("δ and W2", weights2, every(frequency.weights2)));
  }
  if (architecture.updates > 0.0) {
    table.rows.push_back(cost_row("A", architecture, every(frequency.architecture)));
  }
  LevelCost training;
  for (const auto& record : run.metrics) {
    if (text_in(record, "phase") == "train" && number_in(record, "seconds")) {
      training.updates += 1.0;
      training.passes += 1.0;
      training.seconds += *number_in(record, "seconds");
    }
  }
  if (training.updates > 0.0) {
    training.peak_bytes = last_number(run, "train_epoch", "peak_memory_bytes").value_or(0.0);
    table.rows.push_back(cost_row("all weights", training, every(1)));
  }
  return table.rows.empty() ? ""
                            : to_html(table) +
                                  "<p class=\"note\">A pass is one forward and backward pass over "
                                  "a mini-batch.</p>\n";
}

}  // namespace sanas
