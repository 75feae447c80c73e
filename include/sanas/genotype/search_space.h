// SPDX-License-Identifier: Apache-2.0
#pragma once

// The search space: the edges of a cell and the candidate operations of each.

#include <functional>
#include <string>
#include <vector>

#include "sanas/genotype/primitive.h"

namespace sanas {

/// Edges of a cell with `nodes` intermediate nodes, numbered node by node, sources in order:
/// (0←0) (0←1) (1←0) (1←1) (1←2) …
struct CellTopology {
  int nodes = 4;

  int edges() const { return nodes * (nodes + 3) / 2; }
  /// Number of the first edge into `node`; that node has node + 2 edges, with sources 0 … node + 1.
  int first_edge(int node) const { return node * (node + 3) / 2; }
  bool operator==(const CellTopology&) const = default;
};

/// Candidate operations per edge of a cell; their order is that of the alpha columns.
using EdgeCandidates = std::vector<std::vector<Primitive>>;

/// The candidate operations of every edge; all edges of both cells have equally many.
struct SearchSpace {
  std::string name;
  CellTopology topology;
  EdgeCandidates normal;
  EdgeCandidates reduce;

  /// Columns of the architecture parameters.
  int operations() const { return static_cast<int>(normal.front().size()); }
  const EdgeCandidates& cell(bool reduction) const { return reduction ? reduce : normal; }
  bool operator==(const SearchSpace&) const = default;
};

/// Spaces by name: "darts" (the eight primitives on every edge, any number of nodes), "prdarts"
/// (the same eight in the column order of PR-DARTS, darts-family §9.1) and "s1" to "s4" of Zela et
/// al. (method §10). Throws ConfigError for another name, or for S1 with another number of nodes
/// than the four it is defined for.
SearchSpace make_search_space(const std::string& name, int nodes = 4);
std::vector<std::string> search_space_names();

/// Makes a space for a number of nodes, or throws ConfigError.
using SearchSpaceMaker = std::function<SearchSpace(int nodes)>;

/// Adds a space to those that make_search_space knows by name (docs/extending.md). Not thread-safe.
/// Throws ConfigError for a name that exists.
void add_search_space(const std::string& name, SearchSpaceMaker make);

/// A space with the same candidates on every edge of both cells.
SearchSpace uniform_search_space(const std::string& name, int nodes,
                                 const std::vector<Primitive>& candidates);

/// Throws ConfigError unless both cells have one list per edge, all equally long and not empty.
void validate(const SearchSpace& space);

}  // namespace sanas
