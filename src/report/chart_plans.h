// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

namespace sanas {

/// A line of a planned chart: a number in the records of the chart's phase.
struct PlannedLine {
  const char* key;
  const char* name;
  bool sum_over_batch = false;  ///< shown per image
};

/// A chart of what metrics.jsonl holds.
struct ChartPlan {
  const char* phase;
  const char* title;
  const char* y_label;
  bool logarithmic;
  std::vector<PlannedLine> lines;
};

/// The charts of a run, in the order of the page. Those that find no number are left out.
const std::vector<ChartPlan>& chart_plans();

/// What several runs are compared by: a line for each run.
const std::vector<ChartPlan>& compared_plans();

/// Keys that get no chart of their own: they say where a record belongs, or stand in a table.
const std::set<std::string>& placed_elsewhere();

/// Whether the records of a phase are one for each epoch, not for each mini-batch.
bool is_epoch_phase(const std::string& phase);

}  // namespace sanas
