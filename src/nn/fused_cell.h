// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a cell runs on fused kernels, whatever its edges are.

#include <functional>
#include <vector>

#include "nn/source_fan.h"

namespace sanas {

struct FusedCellOptions {
  /// Of each node.
  int64_t channels = 0;
  int nodes = 0;
  /// Whether what leaves the cell's two inputs has stride 2.
  bool reduction = false;
};

/// The output of a cell's preprocessing, see make_preprocessing, for `channels` channels.
kernels::BlockedTensor preprocess(Operation& operation, const kernels::BlockedTensor& input,
                                  int64_t channels);

/// All states of a cell: its two inputs after preprocessing, and its nodes.
/// @param add what leaves state `source` to a fan whose sums are those of the nodes from `first`
/// on.
std::vector<kernels::BlockedTensor> fused_states(
    const kernels::BlockedTensor& s0, const kernels::BlockedTensor& s1,
    const FusedCellOptions& options,
    const std::function<void(SourceFan& fan, int source, int first)>& add);

}  // namespace sanas
