// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/architecture_sample.h"

namespace sanas {

OperationWeights split_weights(const torch::Tensor& weights) {
  OperationWeights result;
  for (const auto& edge : weights.unbind(0)) {
    result.push_back(edge.unbind(0));
  }
  return result;
}

std::vector<torch::Tensor> CellWeights::of_edge(size_t edge) const {
  std::vector<torch::Tensor> result = operations[edge];
  for (auto& weight : result) {
    if (weight.defined() && !edges.empty()) {
      weight = weight * edges[edge];
    }
  }
  return result;
}

torch::Tensor mask_of(const OperationWeights& weights) {
  const auto edges = static_cast<int64_t>(weights.size());
  const auto operations = edges > 0 ? static_cast<int64_t>(weights.front().size()) : 0;
  auto mask = torch::zeros({edges, operations}, torch::kDouble);
  auto in_use = mask.accessor<double, 2>();
  for (int64_t e = 0; e < edges; ++e) {
    for (int64_t k = 0; k < operations; ++k) {
      in_use[e][k] = weights[static_cast<size_t>(e)][static_cast<size_t>(k)].defined() ? 1.0 : 0.0;
    }
  }
  return mask;
}

}  // namespace sanas
