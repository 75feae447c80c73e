// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/run_contents.h"

namespace sanas {

/// All curves of a run, as a grid of charts: losses of the levels, accuracies, learning rates,
/// entropy, norms of the hypergradient's terms, …, and every number in metrics.jsonl that no chart
/// is planned for.
std::string draw_curves(const RunContents& run);

/// The curves of several runs over each other, one line per run, for what they have in common.
std::string draw_compared_curves(const RunList& runs);

}  // namespace sanas
