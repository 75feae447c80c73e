// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/search_cell.h"

#include "nn/fused_cell.h"

namespace sanas {

SearchCell::SearchCell(const SearchSpace& space, const CellPlace& place, const CellStyle& style)
    : topology_(space.topology),
      channels_(place.channels),
      reduction_(place.reduction),
      output_channels_(place.channels * space.topology.nodes) {
  std::tie(preprocess0_, preprocess1_) = make_preprocessing(place, style.operations);
  register_module("preprocess0", preprocess0_);
  register_module("preprocess1", preprocess1_);
  const auto list = register_module(style.edge_list, std::make_shared<torch::nn::Module>());
  for (int node = 0; node < topology_.nodes; ++node) {
    for (int source = 0; source < node + 2; ++source) {
      const int64_t stride = place.reduction && source < 2 ? 2 : 1;
      const std::string name = style.named_edges
                                   ? std::to_string(node) + "<-" + std::to_string(source)
                                   : std::to_string(edges_.size());
      edges_.push_back(
          style.make_edge(space.cell(reduction_)[edges_.size()], place.channels, stride));
      list->register_module(name, edges_.back());
    }
  }
}

torch::Tensor SearchCell::forward(const torch::Tensor& s0, const torch::Tensor& s1,
                                  const CellWeights& weights) {
  std::vector<torch::Tensor> states{preprocess0_->forward(s0), preprocess1_->forward(s1)};
  size_t edge = 0;
  for (int node = 0; node < topology_.nodes; ++node) {
    torch::Tensor sum;
    for (size_t source = 0; source < static_cast<size_t>(node) + 2; ++source, ++edge) {
      auto y = edges_[edge]->forward(states[source], weights.operations[edge]);
      if (!weights.edges.empty()) {
        y = y * weights.edges[edge];
      }
      sum = sum.defined() ? sum + y : y;
    }
    states.push_back(sum);
  }
  return torch::cat(std::vector<torch::Tensor>(states.begin() + 2, states.end()), 1);
}

kernels::BlockedTensor SearchCell::forward(const kernels::BlockedTensor& s0,
                                           const kernels::BlockedTensor& s1,
                                           const CellWeights& weights) {
  const auto states = fused_states(
      preprocess(*preprocess0_, s0, channels_), preprocess(*preprocess1_, s1, channels_),
      {channels_, topology_.nodes, reduction_}, [&](SourceFan& fan, int source, int first) {
        for (int node = first; node < topology_.nodes; ++node) {
          const auto edge = static_cast<size_t>(topology_.first_edge(node) + source);
          edges_[edge]->add_to(fan, static_cast<size_t>(node - first), weights.operations[edge]);
        }
      });
  return kernels::concatenate({states.begin() + 2, states.end()});
}

}  // namespace sanas
