// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/random_genotype.h"

#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sanas/core/error.h"
#include "sanas/core/random.h"

namespace sanas {
namespace {

/// Uniform in [0, n). Not std::uniform_int_distribution, whose draws differ between libraries.
size_t below(std::mt19937_64& random, size_t n) {
  const uint64_t limit = random.max() - random.max() % n;
  uint64_t draw = random();
  while (draw >= limit) {
    draw = random();
  }
  return draw % n;
}

CellGenotype random_cell(const CellTopology& topology, const EdgeCandidates& candidates,
                         std::mt19937_64& random) {
  CellGenotype cell;
  for (int node = 0; node < topology.nodes; ++node) {
    std::vector<Gene> choices;
    for (int source = 0; source < node + 2; ++source) {
      for (const Primitive operation :
           candidates[static_cast<size_t>(topology.first_edge(node) + source)]) {
        if (operation != Primitive::kNone) {
          choices.push_back({operation, source});
        }
      }
    }
    // Pairs are drawn until one reads two states: all such pairs are equally likely.
    bool possible = false;
    for (const Gene& gene : choices) {
      possible = possible || gene.source != choices.front().source;
    }
    if (!possible) {
      throw ConfigError("in this search space node " + std::to_string(node) +
                        " has no two inputs with an operation");
    }
    Gene first = choices[below(random, choices.size())];
    Gene second = choices[below(random, choices.size())];
    while (first.source == second.source) {
      first = choices[below(random, choices.size())];
      second = choices[below(random, choices.size())];
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
  std::mt19937_64 random(derive_seed(seed, {}));
  Genotype genotype;
  genotype.normal = random_cell(space.topology, space.normal, random);
  genotype.reduce = random_cell(space.topology, space.reduce, random);
  return genotype;
}

}  // namespace sanas
