// SPDX-License-Identifier: Apache-2.0
#include "report/timeline.h"

#include <algorithm>

#include "formats/json_text.h"
#include "report/chart_plans.h"

namespace sanas {
namespace {

using json = nlohmann::ordered_json;

size_t stage_of(const json& record) {
  return static_cast<size_t>(std::clamp(number_in(record, "stage").value_or(0.0), 0.0, 99.0));
}

}  // namespace

Timeline::Timeline(const RunContents& run) {
  for (const auto& record : run.metrics) {
    const size_t stage = stage_of(record);
    steps_.resize(std::max(steps_.size(), stage + 1));
    epochs_.resize(steps_.size());
    const bool whole = is_epoch_phase(text_in(record, "phase"));
    steps_[stage] =
        std::max(steps_[stage], number_in(record, "step").value_or(0.0) + (whole ? 0.0 : 1.0));
    epochs_[stage] = std::max(epochs_[stage], number_in(record, "epoch").value_or(0.0) + 1.0);
  }
}

double Timeline::position(const json& record, bool epochs) const {
  const size_t stage = stage_of(record);
  const auto& lengths = epochs ? epochs_ : steps_;
  double before = 0.0;
  for (size_t i = 0; i < stage && i < lengths.size(); ++i) {
    before += lengths[i];
  }
  return before + (epochs ? number_in(record, "epoch").value_or(0.0) + 1.0
                          : number_in(record, "step").value_or(0.0));
}

}  // namespace sanas
