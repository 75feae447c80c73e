// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "formats/json_lines.h"

namespace sanas {

/// The curves that TensorBoard draws of a record of metrics.jsonl: its values under their tags,
/// e.g. `train1_loss` of a mini-batch as `loss/weights1`, in the order of the tags. What the record
/// lacks is left out.
std::vector<std::pair<std::string, double>> tagged_values(const JsonRecord& record);

}  // namespace sanas
