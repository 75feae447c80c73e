// SPDX-License-Identifier: Apache-2.0
#include "nn/fused_cell.h"

#include <algorithm>

#include "nn/operation_types.h"

namespace sanas {
namespace {

using kernels::BlockedTensor;

/// A sum to which nothing has been added is zero.
BlockedTensor or_zero(BlockedTensor sum, const BlockedTensor& input,
                      const FusedCellOptions& options) {
  if (!sum.data.defined()) {
    const kernels::ChannelLayout layout{options.channels};
    const auto size = [&](int64_t side) { return options.reduction ? (side + 1) / 2 : side; };
    const auto& like = input.data;
    sum = {torch::zeros({like.size(0), layout.blocks(), size(like.size(2)), size(like.size(3)),
                         like.size(4)},
                        like.options().requires_grad(false)),
           layout};
  }
  return sum;
}

}  // namespace

BlockedTensor preprocess(Operation& operation, const BlockedTensor& input, int64_t channels) {
  SourceFan fan(input, channels, operation.as<FactorizedReduce>() != nullptr ? 2 : 1, 1);
  fan.add(0, operation);
  return fan.sums({{}}).front();
}

std::vector<BlockedTensor> fused_states(const BlockedTensor& s0, const BlockedTensor& s1,
                                        const FusedCellOptions& options,
                                        const FusedCellParts& parts) {
  std::vector<BlockedTensor> states{s0, s1};
  std::vector<BlockedTensor> sums(static_cast<size_t>(options.nodes));  // of unfinished nodes
  for (int source = 0; source <= options.nodes; ++source) {
    const int first = std::max(source - 1, 0);  // node that can read it
    const BlockedTensor& state = states[static_cast<size_t>(source)];
    SourceFan fan(parts.read ? parts.read(state) : state, options.channels,
                  options.reduction && source < 2 ? 2 : 1, sums.size());
    parts.add(fan, source, first);
    sums = fan.sums(sums);
    if (source > 0) {
      const BlockedTensor sum = or_zero(sums.front(), s0, options);
      states.push_back(parts.finish ? parts.finish(sum, source - 1, states) : sum);
      sums.erase(sums.begin());
    }
  }
  return states;
}

}  // namespace sanas
