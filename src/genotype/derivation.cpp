// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/derivation.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "genotype/edge_table.h"

namespace sanas {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Strongest operation of an edge other than `none`, and by how much it leads the next.
struct EdgeChoice {
  Primitive operation = Primitive::kNone;
  float score = -kInfinity;
  float lead = kInfinity;
};

EdgeChoice choose_operation(const std::vector<Primitive>& candidates,
                            const std::vector<float>& weights) {
  EdgeChoice choice;
  for (size_t k = 0; k < candidates.size(); ++k) {
    if (candidates[k] == Primitive::kNone) {
      continue;
    }
    if (weights[k] > choice.score) {
      choice.lead = weights[k] - choice.score;
      choice.operation = candidates[k];
      choice.score = weights[k];
    } else {
      choice.lead = std::min(choice.lead, choice.score - weights[k]);
    }
  }
  return choice;
}

std::vector<EdgeChoice> choose_operations(const EdgeCandidates& candidates,
                                          const torch::Tensor& weights) {
  const EdgeTable table = edge_table(candidates, weights);
  std::vector<EdgeChoice> choices;
  for (size_t edge = 0; edge < candidates.size(); ++edge) {
    choices.push_back(choose_operation(candidates[edge], table[edge]));
  }
  return choices;
}

/// Sources of `node`, the strongest edge first, ties in source order.
std::vector<int> rank_sources(const std::vector<EdgeChoice>& choices, const CellTopology& topology,
                              int node) {
  std::vector<int> sources(static_cast<size_t>(node) + 2);
  std::iota(sources.begin(), sources.end(), 0);
  const auto* first = choices.data() + topology.first_edge(node);
  std::stable_sort(sources.begin(), sources.end(),
                   [first](int a, int b) { return first[a].score > first[b].score; });
  return sources;
}

/// An operation on the state that a node reads.
struct Pair {
  Gene gene;
  float weight;
};

/// All pairs into `node` but those with `none`, the strongest first, ties in source and column
/// order.
std::vector<Pair> rank_pairs(const EdgeCandidates& candidates, const CellTopology& topology,
                             const EdgeTable& table, int node) {
  std::vector<Pair> pairs;
  for (int source = 0; source < node + 2; ++source) {
    const auto edge = static_cast<size_t>(topology.first_edge(node) + source);
    for (size_t k = 0; k < candidates[edge].size(); ++k) {
      if (candidates[edge][k] != Primitive::kNone) {
        pairs.push_back({{candidates[edge][k], source}, table[edge][k]});
      }
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.weight > b.weight; });
  return pairs;
}

}  // namespace

CellGenotype derive_darts_cell(const EdgeCandidates& candidates, const CellTopology& topology,
                               const torch::Tensor& weights) {
  const auto choices = choose_operations(candidates, weights);
  CellGenotype cell;
  for (int node = 0; node < topology.nodes; ++node) {
    const auto sources = rank_sources(choices, topology, node);
    for (size_t rank = 0; rank < 2; ++rank) {
      const int source = sources[rank];
      const auto& choice = choices[static_cast<size_t>(topology.first_edge(node) + source)];
      cell.genes.push_back({choice.operation, source});
    }
    cell.concat.push_back(node + 2);
  }
  return cell;
}

double derivation_margin(const EdgeCandidates& candidates, const CellTopology& topology,
                         const torch::Tensor& weights) {
  const auto choices = choose_operations(candidates, weights);
  float margin = kInfinity;
  for (int node = 0; node < topology.nodes; ++node) {
    const auto sources = rank_sources(choices, topology, node);
    const auto* first = choices.data() + topology.first_edge(node);
    for (size_t rank = 0; rank < 2; ++rank) {
      margin = std::min(margin, first[sources[rank]].lead);
    }
    if (sources.size() > 2) {
      margin = std::min(margin, first[sources[1]].score - first[sources[2]].score);
    }
  }
  return margin;
}

CellGenotype derive_prdarts_cell(const EdgeCandidates& candidates, const CellTopology& topology,
                                 const torch::Tensor& weights) {
  const EdgeTable table = edge_table(candidates, weights);
  CellGenotype cell;
  for (int node = 0; node < topology.nodes; ++node) {
    const auto pairs = rank_pairs(candidates, topology, table, node);
    cell.genes.push_back(pairs.at(0).gene);
    cell.genes.push_back(pairs.at(1).gene);
    cell.concat.push_back(node + 2);
  }
  return cell;
}

double prdarts_derivation_margin(const EdgeCandidates& candidates, const CellTopology& topology,
                                 const torch::Tensor& weights) {
  const EdgeTable table = edge_table(candidates, weights);
  float margin = kInfinity;
  for (int node = 0; node < topology.nodes; ++node) {
    const auto pairs = rank_pairs(candidates, topology, table, node);
    if (pairs.size() > 2) {
      margin = std::min(margin, pairs[1].weight - pairs[2].weight);
    }
  }
  return margin;
}

}  // namespace sanas
