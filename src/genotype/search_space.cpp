// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/search_space.h"

#include <utility>

#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

using Edge = std::vector<Primitive>;
using enum Primitive;

// method §10; the order inside a pair is the order of the columns.
SearchSpace s1(int nodes) {
  if (nodes != 4) {
    throw ConfigError("space s1 is defined for 4 nodes, not " + std::to_string(nodes));
  }
  const Edge skip_dil3{kSkipConnect, kDilConv3x3};
  const Edge skip_dil5{kSkipConnect, kDilConv5x5};
  const Edge skip_sep3{kSkipConnect, kSepConv3x3};
  const Edge max_skip{kMaxPool3x3, kSkipConnect};
  const Edge dil3_dil5{kDilConv3x3, kDilConv5x5};
  const Edge max_avg{kMaxPool3x3, kAvgPool3x3};
  const Edge max_dil3{kMaxPool3x3, kDilConv3x3};
  const Edge max_sep3{kMaxPool3x3, kSepConv3x3};
  return {"s1",
          CellTopology{4},
          {skip_dil3, skip_dil5, skip_dil5, skip_sep3, skip_dil3, max_skip, skip_sep3, skip_sep3,
           skip_dil3, skip_sep3, max_skip, skip_dil3, dil3_dil5, dil3_dil5},
          {max_avg, max_dil3, max_avg, max_avg, skip_dil5, max_avg, max_sep3, skip_dil3, skip_dil5,
           max_avg, max_avg, skip_dil5, skip_dil5, skip_dil5}};
}

struct NamedSpace {
  std::string name;
  SearchSpaceMaker make;
};

NamedSpace uniform(const std::string& name, const Edge& candidates) {
  return {name, [=](int nodes) { return uniform_search_space(name, nodes, candidates); }};
}

/// Every space: one entry each.
std::vector<NamedSpace>& spaces() {
  static std::vector<NamedSpace> all{
      uniform("darts", {kNone, kMaxPool3x3, kAvgPool3x3, kSkipConnect, kSepConv3x3, kSepConv5x5,
                        kDilConv3x3, kDilConv5x5}),
      uniform("prdarts", {kNone, kSkipConnect, kSepConv3x3, kSepConv5x5, kDilConv3x3, kDilConv5x5,
                          kAvgPool3x3, kMaxPool3x3}),
      {"s1", s1},
      uniform("s2", {kSkipConnect, kSepConv3x3}),
      uniform("s3", {kNone, kSkipConnect, kSepConv3x3}),
      uniform("s4", {kNoise, kSepConv3x3}),
  };
  return all;
}

const NamedSpace* find_space(const std::string& name) {
  for (const auto& space : spaces()) {
    if (space.name == name) {
      return &space;
    }
  }
  return nullptr;
}

}  // namespace

SearchSpace make_search_space(const std::string& name, int nodes) {
  if (nodes < 1 || nodes > 16) {
    throw ConfigError("supernet.nodes = " + std::to_string(nodes) + ": expected 1 to 16");
  }
  const auto* space = find_space(name);
  if (space == nullptr) {
    throw ConfigError("unknown search space '" + name + "', did you mean '" +
                      nearest(name, search_space_names()) + "'? There are " +
                      join(search_space_names()));
  }
  SearchSpace made = space->make(nodes);
  validate(made);
  return made;
}

std::vector<std::string> search_space_names() {
  std::vector<std::string> names;
  for (const auto& space : spaces()) {
    names.push_back(space.name);
  }
  return names;
}

void add_search_space(const std::string& name, SearchSpaceMaker make) {
  if (find_space(name) != nullptr) {
    throw ConfigError("search space '" + name + "' exists already");
  }
  spaces().push_back({name, std::move(make)});
}

SearchSpace uniform_search_space(const std::string& name, int nodes,
                                 const std::vector<Primitive>& candidates) {
  const CellTopology topology{nodes};
  const EdgeCandidates cell(static_cast<size_t>(topology.edges()), candidates);
  return {name, topology, cell, cell};
}

void validate(const SearchSpace& space) {
  for (const auto* cell : {&space.normal, &space.reduce}) {
    if (static_cast<int>(cell->size()) != space.topology.edges()) {
      throw ConfigError("search space '" + space.name + "': " + std::to_string(cell->size()) +
                        " edges, expected " + std::to_string(space.topology.edges()));
    }
    for (const auto& edge : *cell) {
      if (edge.empty() || edge.size() != space.normal.front().size()) {
        throw ConfigError("search space '" + space.name +
                          "': every edge needs the same number of operations, at least one");
      }
    }
  }
}

}  // namespace sanas
