// SPDX-License-Identifier: Apache-2.0
#pragma once

// A cell of a search network, in which each node adds up its mixed edges.

#include <torch/nn.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sanas/genotype/search_space.h"
#include "sanas/kernels/blocked_tensor.h"
#include "sanas/nn/discrete_cell.h"
#include "sanas/supernet/architecture_sample.h"
#include "sanas/supernet/mixed_operation.h"

namespace sanas {

/// Builds one edge: candidates, channels, stride.
using EdgeMaker =
    std::function<std::shared_ptr<MixedOperation>(const std::vector<Primitive>&, int64_t, int64_t)>;

/// How the cells of a family are built.
struct CellStyle {
  /// Of the preprocessing.
  OperationOptions operations;
  EdgeMaker make_edge;
  /// State-dict name of the list of edges.
  std::string edge_list = "_ops";
  /// K: candidates see one K-th of the channels (PC-DARTS).
  int64_t partial_channels = 1;
  /// Whether edges are called "node<-source" in the state dict rather than by their number.
  bool named_edges = false;
};

/// A cell in which every node sums a mixed operation over each earlier state (darts-family §2.1).
/// Children: preprocess0, preprocess1, <edge list>.E for edge E.
class SearchCell : public torch::nn::Module {
 public:
  SearchCell(const SearchSpace& space, const CellPlace& place, const CellStyle& style);

  /// @param s0,s1 outputs of cells k−2 and k−1. @return N × (nodes · channels) × H × W.
  torch::Tensor forward(const torch::Tensor& s0, const torch::Tensor& s1,
                        const CellWeights& weights);

  /// The same on fused kernels; each node is a segment of the result.
  kernels::BlockedTensor forward(const kernels::BlockedTensor& s0, const kernels::BlockedTensor& s1,
                                 const CellWeights& weights);

  bool reduction() const { return reduction_; }
  int64_t output_channels() const { return output_channels_; }
  /// In edge order.
  const std::vector<std::shared_ptr<MixedOperation>>& edges() const { return edges_; }

 private:
  /// What reaches a node past the candidates of its edges (PC-DARTS). @param passed of each state.
  kernels::BlockedTensor passed_by(int node, const std::vector<kernels::BlockedTensor>& passed,
                                   const CellWeights& weights) const;
  size_t edge_number(int node, int source) const;

  CellTopology topology_;
  int64_t channels_;
  int64_t partial_channels_;
  bool reduction_;
  int64_t output_channels_;
  std::shared_ptr<Operation> preprocess0_;
  std::shared_ptr<Operation> preprocess1_;
  std::vector<std::shared_ptr<MixedOperation>> edges_;
};

}  // namespace sanas
