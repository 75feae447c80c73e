// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/run_contents.h"

namespace sanas {

/// How the weights of the operations moved, edge by edge, and where they ended.
/// @param reduction which cell. Empty if metrics.jsonl holds none.
std::string draw_operation_weights(const RunContents& run, bool reduction);

}  // namespace sanas
