// SPDX-License-Identifier: Apache-2.0
#include "nn/fused_cell.h"

#include <algorithm>

#include "nn/operation_types.h"

namespace sanas {
namespace {

using kernels::BlockedTensor;

/// A node to which nothing has been added is zero.
BlockedTensor finished(BlockedTensor sum, const BlockedTensor& input, int64_t stride) {
  if (!sum.data.defined()) {
    const auto half = [stride](int64_t size) { return (size + stride - 1) / stride; };
    auto sizes = input.data.sizes().vec();
    sizes[2] = half(sizes[2]);
    sizes[3] = half(sizes[3]);
    sum = {torch::zeros(sizes, input.data.options()), input.layout};
  }
  return sum;
}

}  // namespace

BlockedTensor preprocess(Operation& operation, const BlockedTensor& input, int64_t channels) {
  SourceFan fan(input, channels, operation.as<FactorizedReduce>() != nullptr ? 2 : 1, 1);
  fan.add(0, operation);
  return fan.sums({{}}).front();
}

std::vector<BlockedTensor> fused_states(
    const BlockedTensor& s0, const BlockedTensor& s1, const FusedCellOptions& options,
    const std::function<void(SourceFan& fan, int source, int first)>& add) {
  std::vector<BlockedTensor> states{s0, s1};
  std::vector<BlockedTensor> sums(static_cast<size_t>(options.nodes));  // of unfinished nodes
  const int64_t stride = options.reduction ? 2 : 1;
  for (int source = 0; source <= options.nodes; ++source) {
    const int first = std::max(source - 1, 0);  // node that can read it
    SourceFan fan(states[static_cast<size_t>(source)], options.channels, source < 2 ? stride : 1,
                  sums.size());
    add(fan, source, first);
    sums = fan.sums(sums);
    if (source > 0) {
      states.push_back(finished(sums.front(), s0, stride));
      sums.erase(sums.begin());
    }
  }
  return states;
}

}  // namespace sanas
