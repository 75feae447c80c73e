// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/search_cell.h"

#include "nn/fused_cell.h"
#include "supernet/partial_mixed_operation.h"

namespace sanas {

SearchCell::SearchCell(const SearchSpace& space, const CellPlace& place, const CellStyle& style)
    : topology_(space.topology),
      channels_(place.channels),
      partial_channels_(style.partial_channels),
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
  FusedCellParts parts;
  parts.add = [&](SourceFan& fan, int source, int first) {
    for (int node = first; node < topology_.nodes; ++node) {
      const size_t edge = edge_number(node, source);
      edges_[edge]->add_to(fan, static_cast<size_t>(node - first), weights.of_edge(edge));
    }
  };
  std::vector<kernels::BlockedTensor> passed;  // of each state
  if (partial_channels_ > 1) {
    parts.read = [this](const auto& state) { return active_channels(state, partial_channels_); };
    parts.finish = [&](const auto& sum, int node, const auto& states) {
      while (passed.size() < states.size()) {
        passed.push_back(pass_by(states[passed.size()], reduction_ && passed.size() < 2 ? 2 : 1));
      }
      return join_partial(sum, passed_by(node, passed, weights), partial_channels_);
    };
  }
  const auto states = fused_states(
      preprocess(*preprocess0_, s0, channels_), preprocess(*preprocess1_, s1, channels_),
      {channels_ / partial_channels_, topology_.nodes, reduction_}, parts);
  return kernels::concatenate({states.begin() + 2, states.end()});
}

kernels::BlockedTensor SearchCell::passed_by(int node,
                                             const std::vector<kernels::BlockedTensor>& passed,
                                             const CellWeights& weights) const {
  torch::Tensor sum;
  for (int source = 0; source < node + 2; ++source) {
    auto y = passed[static_cast<size_t>(source)].data;
    if (!weights.edges.empty()) {
      y = y * weights.edges[edge_number(node, source)];
    }
    sum = sum.defined() ? sum + y : y;
  }
  return {sum, {channels_}};
}

size_t SearchCell::edge_number(int node, int source) const {
  return static_cast<size_t>(topology_.first_edge(node) + source);
}

}  // namespace sanas
