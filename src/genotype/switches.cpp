// SPDX-License-Identifier: Apache-2.0
#include "genotype/switches.h"

#include <algorithm>

#include "sanas/core/error.h"

namespace sanas {

torch::Tensor switches(const EdgeCandidates& whole, const EdgeCandidates& part) {
  const auto edges = static_cast<int64_t>(whole.size());
  const auto operations = static_cast<int64_t>(whole.front().size());
  auto result = torch::zeros({edges, operations}, torch::kUInt8);
  auto on = result.accessor<uint8_t, 2>();
  for (size_t edge = 0; edge < whole.size(); ++edge) {
    for (size_t k = 0; k < whole[edge].size(); ++k) {
      on[static_cast<int64_t>(edge)][static_cast<int64_t>(k)] =
          static_cast<uint8_t>(std::count(part[edge].begin(), part[edge].end(), whole[edge][k]));
    }
  }
  return result;
}

EdgeCandidates switched_on(const EdgeCandidates& whole, const torch::Tensor& switches) {
  const auto edges = static_cast<int64_t>(whole.size());
  const auto operations = static_cast<int64_t>(whole.front().size());
  if (switches.dim() != 2 || switches.size(0) != edges || switches.size(1) != operations) {
    throw ConfigError("switches of a cell: expected " + std::to_string(edges) + " x " +
                      std::to_string(operations) + " numbers");
  }
  const auto on = switches.to(torch::kCPU, torch::kInt64);
  const auto value = on.accessor<int64_t, 2>();
  EdgeCandidates result(whole.size());
  for (size_t edge = 0; edge < whole.size(); ++edge) {
    for (size_t k = 0; k < whole[edge].size(); ++k) {
      if (value[static_cast<int64_t>(edge)][static_cast<int64_t>(k)] != 0) {
        result[edge].push_back(whole[edge][k]);
      }
    }
  }
  return result;
}

}  // namespace sanas
