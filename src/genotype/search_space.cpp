// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/search_space.h"

#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

using Edge = std::vector<Primitive>;
using enum Primitive;

SearchSpace uniform(const std::string& name, int nodes, const Edge& edge) {
  const CellTopology topology{nodes};
  const std::vector<Edge> cell(static_cast<size_t>(topology.edges()), edge);
  return {name, topology, cell, cell};
}

// method §10; the order inside a pair is the order of the columns.
SearchSpace s1() {
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

}  // namespace

SearchSpace make_search_space(const std::string& name, int nodes) {
  if (nodes < 1 || nodes > 16) {
    throw ConfigError("supernet.nodes = " + std::to_string(nodes) + ": expected 1 to 16");
  }
  if (name == "darts") {
    return uniform(name, nodes,
                   {kNone, kMaxPool3x3, kAvgPool3x3, kSkipConnect, kSepConv3x3, kSepConv5x5,
                    kDilConv3x3, kDilConv5x5});
  }
  if (name == "prdarts") {
    return uniform(name, nodes,
                   {kNone, kSkipConnect, kSepConv3x3, kSepConv5x5, kDilConv3x3, kDilConv5x5,
                    kAvgPool3x3, kMaxPool3x3});
  }
  if (name == "s1") {
    if (nodes != 4) {
      throw ConfigError("space s1 is defined for 4 nodes, not " + std::to_string(nodes));
    }
    return s1();
  }
  if (name == "s2") {
    return uniform(name, nodes, {kSkipConnect, kSepConv3x3});
  }
  if (name == "s3") {
    return uniform(name, nodes, {kNone, kSkipConnect, kSepConv3x3});
  }
  if (name == "s4") {
    return uniform(name, nodes, {kNoise, kSepConv3x3});
  }
  throw ConfigError("unknown search space '" + name + "', did you mean '" +
                    nearest(name, search_space_names()) + "'? There are " +
                    join(search_space_names()));
}

std::vector<std::string> search_space_names() {
  return {"darts", "prdarts", "s1", "s2", "s3", "s4"};
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
