// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/types.h>

#include <cmath>
#include <map>
#include <numeric>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "sanas/genotype/genotype.h"
#include "sanas/genotype/search_space.h"

namespace sanas {

/// A cell from a notation like "skip@0 dil3@1 | [sep_conv_5x5@1, …]": every `operation@source`
/// counts, whatever stands between. The concat is all nodes unless it is given.
inline CellGenotype cell_of(const std::string& text, std::vector<int> concat = {}) {
  static const std::map<std::string, std::string> kShort{
      {"skip", "skip_connect"}, {"max", "max_pool_3x3"},  {"avg", "avg_pool_3x3"},
      {"sep3", "sep_conv_3x3"}, {"sep5", "sep_conv_5x5"}, {"dil3", "dil_conv_3x3"},
      {"dil5", "dil_conv_5x5"}};
  static const std::regex kGene("([a-z0-9_]+)@([0-9])");
  CellGenotype cell;
  for (std::sregex_iterator gene(text.begin(), text.end(), kGene), end; gene != end; ++gene) {
    const auto found = kShort.find((*gene)[1]);
    const std::string name = found == kShort.end() ? (*gene)[1].str() : found->second;
    cell.genes.push_back({primitive_from_string(name), std::stoi((*gene)[2])});
  }
  if (concat.empty()) {
    concat.resize(cell.genes.size() / 2);
    std::iota(concat.begin(), concat.end(), 2);
  }
  cell.concat = concat;
  return cell;
}

/// Candidates of edges from digits: "034 037 …" are the primitives 0, 3 and 4 on edge 0, and so on.
inline EdgeCandidates edges_of(const std::string& text) {
  EdgeCandidates edges;
  std::istringstream stream(text);
  for (std::string digits; stream >> digits;) {
    auto& edge = edges.emplace_back();
    for (const char digit : digits) {
      edge.push_back(static_cast<Primitive>(digit - '0'));
    }
  }
  return edges;
}

/// The alphas of darts-family §13.2: 14 × 8, in double.
inline torch::Tensor golden_alphas(bool reduction) {
  const auto index = torch::arange(14 * 8, torch::kDouble).view({14, 8});
  return reduction ? 0.5 * torch::cos(2.3 * index + 0.1) : 0.5 * torch::sin(1.7 * index + 0.3);
}

/// The betas of darts-family §13.3: 14, in double.
inline torch::Tensor golden_betas(bool reduction) {
  const auto index = torch::arange(14, torch::kDouble);
  return reduction ? 0.5 * torch::cos(1.9 * index + 0.2) : 0.5 * torch::sin(2.1 * index + 0.4);
}

/// The alphas of darts-family §13.6 for stage 0 … 2: one column per operation that is still on.
inline torch::Tensor golden_pdarts_alphas(const SearchSpace& space, int stage, bool reduction) {
  const auto& cell = space.cell(reduction);
  auto alphas =
      torch::empty({static_cast<int64_t>(cell.size()), space.operations()}, torch::kDouble);
  for (size_t e = 0; e < cell.size(); ++e) {
    for (size_t k = 0; k < cell[e].size(); ++k) {
      const int j = static_cast<int>(cell[e][k]);
      const double wave = 0.5 * std::sin(1.7 * (8 * static_cast<double>(e) + j) + 0.9 * stage +
                                         (reduction ? 2.0 : 0.0));
      alphas[static_cast<int64_t>(e)][static_cast<int64_t>(k)] =
          wave + (j == 3 && !reduction ? 0.6 : 0.0);
    }
  }
  return alphas;
}

}  // namespace sanas
