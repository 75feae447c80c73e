// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "report/run_contents.h"

namespace sanas {

/// Where the records of a phase lie on a common axis: mini-batches, or epochs counted from 1, of
/// all stages one after the other.
class Timeline {
 public:
  explicit Timeline(const RunContents& run);

  double position(const nlohmann::ordered_json& record, bool epochs) const;

 private:
  std::vector<double> steps_;
  std::vector<double> epochs_;
};

}  // namespace sanas
