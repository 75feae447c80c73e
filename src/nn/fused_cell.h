// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a cell runs on fused kernels, whatever its edges are.

#include <functional>
#include <vector>

#include "nn/source_fan.h"

namespace sanas {

struct FusedCellOptions {
  /// Of each node's sum.
  int64_t channels = 0;
  int nodes = 0;
  /// Whether what leaves the cell's two inputs has stride 2.
  bool reduction = false;
};

/// The output of a cell's preprocessing, see make_preprocessing, for `channels` channels.
kernels::BlockedTensor preprocess(Operation& operation, const kernels::BlockedTensor& input,
                                  int64_t channels);

/// What distinguishes a cell from others.
struct FusedCellParts {
  /// Adds what leaves state `source` to a fan whose sums are those of the nodes from `first` on.
  std::function<void(SourceFan& fan, int source, int first)> add;
  /// What the fan of a state reads. Empty: the state.
  std::function<kernels::BlockedTensor(const kernels::BlockedTensor& state)> read;
  /// A node from its sum. Empty: the sum.
  std::function<kernels::BlockedTensor(const kernels::BlockedTensor& sum, int node,
                                       const std::vector<kernels::BlockedTensor>& states)>
      finish;
};

/// All states of a cell: its two inputs after preprocessing, and its nodes.
std::vector<kernels::BlockedTensor> fused_states(const kernels::BlockedTensor& s0,
                                                 const kernels::BlockedTensor& s1,
                                                 const FusedCellOptions& options,
                                                 const FusedCellParts& parts);

}  // namespace sanas
