// SPDX-License-Identifier: Apache-2.0
#include "genotype/edge_table.h"

#include "sanas/core/error.h"

namespace sanas {

EdgeTable edge_table(const EdgeCandidates& candidates, const torch::Tensor& weights) {
  const auto values = weights.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  TORCH_CHECK(values.dim() == 2 && values.size(0) == static_cast<int64_t>(candidates.size()) &&
                  values.size(1) == static_cast<int64_t>(candidates.front().size()),
              "weights of ", values.sizes(), " for ", candidates.size(), " edges");
  if (!torch::isfinite(values).all().item<bool>()) {
    throw NonFiniteError("the architecture weights are not finite: no genotype can be derived");
  }
  EdgeTable table;
  table.reserve(candidates.size());
  const float* row = values.data_ptr<float>();
  for (size_t edge = 0; edge < candidates.size(); ++edge, row += values.size(1)) {
    table.emplace_back(row, row + values.size(1));
  }
  return table;
}

}  // namespace sanas
