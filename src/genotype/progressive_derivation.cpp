// SPDX-License-Identifier: Apache-2.0
#include "genotype/progressive_derivation.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "genotype/edge_table.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

/// Columns of an edge in the order in which they would be dropped: the weakest first, the lower
/// column first among equals, and `none` before all others where `order` says so.
std::vector<size_t> drop_sequence(const std::vector<Primitive>& candidates,
                                  const std::vector<float>& weights, DropOrder order) {
  std::vector<size_t> columns(candidates.size());
  std::iota(columns.begin(), columns.end(), 0);
  std::stable_sort(columns.begin(), columns.end(), [&](size_t a, size_t b) {
    if (order == DropOrder::kNoneFirst) {
      const bool a_is_none = candidates[a] == Primitive::kNone;
      const bool b_is_none = candidates[b] == Primitive::kNone;
      if (a_is_none != b_is_none) {
        return a_is_none;
      }
    }
    return weights[a] < weights[b];
  });
  return columns;
}

EdgeCandidates drop_in_cell(const EdgeCandidates& cell, const torch::Tensor& weights, int64_t keep,
                            DropOrder order) {
  const EdgeTable table = edge_table(cell, weights);
  EdgeCandidates result;
  for (size_t edge = 0; edge < cell.size(); ++edge) {
    auto columns = drop_sequence(cell[edge], table[edge], order);
    columns.erase(columns.begin(), columns.end() - keep);
    std::sort(columns.begin(), columns.end());
    auto& kept = result.emplace_back();
    for (const size_t column : columns) {
      kept.push_back(cell[edge][column]);
    }
  }
  return result;
}

/// The choice of operations and edges in one cell after the last stage, and the removal of skips.
class FinalCell {
 public:
  FinalCell(const EdgeCandidates& candidates, const CellTopology& topology,
            const torch::Tensor& weights)
      : candidates_(candidates), topology_(topology), table_(edge_table(candidates, weights)) {
    for (size_t edge = 0; edge < candidates_.size(); ++edge) {
      for (size_t k = 0; k < candidates_[edge].size(); ++k) {
        if (candidates_[edge][k] == Primitive::kNone) {
          table_[edge][k] = 0.0F;  // it must not score its edge
        }
      }
    }
    choose();
  }

  const CellGenotype& genotype() const { return genotype_; }
  int skips() const { return count_skips(genotype_); }
  float margin() const { return margin_; }

  /// Sets the weight of the weakest chosen skip to 0 and chooses again; false where it is 0
  /// already.
  bool remove_weakest_skip() {
    std::vector<float*> skips;
    for (const size_t edge : kept_edges_) {
      const size_t column = chosen_[edge];
      if (candidates_[edge][column] == Primitive::kSkipConnect) {
        skips.push_back(&table_[edge][column]);
      }
    }
    // Stable: the lowest edge comes first among equals.
    std::stable_sort(skips.begin(), skips.end(),
                     [](const float* a, const float* b) { return *a < *b; });
    if (skips.empty() || *skips[0] == 0.0F) {
      return false;
    }
    if (skips.size() > 1) {
      margin_ = std::min(margin_, *skips[1] - *skips[0]);
    }
    *skips[0] = 0.0F;
    choose();
    return true;
  }

 private:
  float score(size_t edge) const {
    return *std::max_element(table_[edge].begin(), table_[edge].end());
  }

  void choose() {
    chosen_.clear();
    for (size_t edge = 0; edge < candidates_.size(); ++edge) {
      const auto columns = drop_sequence(candidates_[edge], table_[edge], DropOrder::kNoneFirst);
      chosen_.push_back(columns.back());
    }
    kept_edges_.clear();
    genotype_ = {};
    for (int node = 0; node < topology_.nodes; ++node) {
      keep_two_edges(node);
      genotype_.concat.push_back(node + 2);
    }
  }

  void keep_two_edges(int node) {
    std::vector<size_t> edges(static_cast<size_t>(node) + 2);
    std::iota(edges.begin(), edges.end(), static_cast<size_t>(topology_.first_edge(node)));
    // Ascending and stable, so that the larger source wins a tie for the last two places.
    std::stable_sort(edges.begin(), edges.end(),
                     [this](size_t a, size_t b) { return score(a) < score(b); });
    if (edges.size() > 2) {
      const size_t last = edges.size() - 1;
      margin_ = std::min(margin_, score(edges[last - 1]) - score(edges[last - 2]));
      edges.erase(edges.begin(), edges.end() - 2);
    }
    std::sort(edges.begin(), edges.end());
    for (const size_t edge : edges) {
      kept_edges_.push_back(edge);
      const int source = static_cast<int>(edge) - topology_.first_edge(node);
      genotype_.genes.push_back({candidates_[edge][chosen_[edge]], source});
      margin_ = std::min(margin_, lead(edge));
    }
  }

  /// By how much the chosen operation of an edge leads the next one that is not `none`.
  float lead(size_t edge) const {
    float result = std::numeric_limits<float>::infinity();
    for (size_t k = 0; k < candidates_[edge].size(); ++k) {
      if (k != chosen_[edge] && candidates_[edge][k] != Primitive::kNone) {
        result = std::min(result, table_[edge][chosen_[edge]] - table_[edge][k]);
      }
    }
    return result;
  }

  const EdgeCandidates& candidates_;
  CellTopology topology_;
  EdgeTable table_;
  std::vector<size_t> chosen_;
  std::vector<size_t> kept_edges_;
  CellGenotype genotype_;
  float margin_ = std::numeric_limits<float>::infinity();
};

/// Removes skips until `limit` are left; false where that is out of reach.
bool restrict_skips(FinalCell& cell, int limit) {
  while (cell.skips() > limit) {
    if (!cell.remove_weakest_skip()) {
      return false;
    }
  }
  return true;
}

}  // namespace

SearchSpace drop_operations(const SearchSpace& space, const torch::Tensor& normal_weights,
                            const torch::Tensor& reduce_weights, int64_t keep, DropOrder order) {
  validate(space);
  if (keep < 1 || keep > space.operations()) {
    throw ConfigError("search space '" + space.name + "': can't keep " + std::to_string(keep) +
                      " of " + std::to_string(space.operations()) + " operations per edge");
  }
  SearchSpace result = space;
  result.normal = drop_in_cell(space.normal, normal_weights, keep, order);
  result.reduce = drop_in_cell(space.reduce, reduce_weights, keep, order);
  return result;
}

std::vector<SkipLimitedGenotype> derive_pdarts(const SearchSpace& space,
                                               const torch::Tensor& normal_weights,
                                               const torch::Tensor& reduce_weights) {
  FinalCell normal(space.normal, space.topology, normal_weights);
  const FinalCell reduce(space.reduce, space.topology, reduce_weights);
  std::vector<SkipLimitedGenotype> result;
  for (int limit = normal.skips(); limit >= 0; --limit) {
    const bool reached = restrict_skips(normal, limit);
    result.push_back({limit, {normal.genotype(), reduce.genotype()}, reached});
  }
  return result;
}

const SkipLimitedGenotype& with_skip_limit(const std::vector<SkipLimitedGenotype>& genotypes,
                                           int max_skips) {
  for (const auto& candidate : genotypes) {
    if (candidate.max_skips <= max_skips) {
      return candidate;
    }
  }
  TORCH_CHECK(false, "a limit of ", max_skips, " skips");
}

double pdarts_derivation_margin(const SearchSpace& space, const torch::Tensor& normal_weights,
                                const torch::Tensor& reduce_weights, int max_skips) {
  FinalCell normal(space.normal, space.topology, normal_weights);
  const FinalCell reduce(space.reduce, space.topology, reduce_weights);
  restrict_skips(normal, max_skips);
  return std::min(normal.margin(), reduce.margin());
}

}  // namespace sanas
