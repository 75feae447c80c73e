// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/random_genotype.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "sanas/core/error.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

/// What a node may read, `none` apart.
std::vector<Gene> choices_of(int node, const CellTopology& topology,
                             const EdgeCandidates& candidates) {
  std::vector<Gene> choices;
  for (int source = 0; source < node + 2; ++source) {
    for (const Primitive operation :
         candidates[static_cast<size_t>(topology.first_edge(node) + source)]) {
      if (operation != Primitive::kNone) {
        choices.push_back({operation, source});
      }
    }
  }
  const bool reads_two = std::any_of(choices.begin(), choices.end(), [&](const Gene& gene) {
    return gene.source != choices.front().source;
  });
  if (!reads_two) {
    throw ConfigError("in this search space node " + std::to_string(node) +
                      " has no two inputs with an operation");
  }
  return choices;
}

CellGenotype random_cell(const CellTopology& topology, const EdgeCandidates& candidates,
                         CounterRandom& random) {
  CellGenotype cell;
  for (int node = 0; node < topology.nodes; ++node) {
    const std::vector<Gene> choices = choices_of(node, topology, candidates);
    // Pairs are drawn until one reads two states: all such pairs are equally likely.
    Gene first = choices[random.below(choices.size())];
    Gene second = choices[random.below(choices.size())];
    while (first.source == second.source) {
      first = choices[random.below(choices.size())];
      second = choices[random.below(choices.size())];
    }
    if (first.source > second.source) {
      std::swap(first, second);
    }
    cell.genes.push_back(first);
    cell.genes.push_back(second);
  }
  cell.concat.resize(static_cast<size_t>(topology.nodes));
  std::iota(cell.concat.begin(), cell.concat.end(), 2);
  return cell;
}

}  // namespace

Genotype random_genotype(const SearchSpace& space, uint64_t seed) {
  CounterRandom random(seed, 0, 0);
  Genotype genotype;
  genotype.normal = random_cell(space.topology, space.normal, random);
  genotype.reduce = random_cell(space.topology, space.reduce, random);
  return genotype;
}

}  // namespace sanas
