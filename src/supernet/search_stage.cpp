// SPDX-License-Identifier: Apache-2.0
#include "sanas/supernet/search_stage.h"

#include "genotype/progressive_derivation.h"

namespace sanas {

int64_t stage_count(const SupernetChoice& choice) {
  return choice.family == "pdarts" ? choice.pdarts.stages() : 1;
}

SearchStage first_stage(const SupernetChoice& choice) { return {0, make_search_space(choice)}; }

SearchStage next_stage(const SupernetChoice& choice, const SearchStage& stage,
                       const Supernet& net) {
  const auto& kept = choice.pdarts.kept_operations;
  return {stage.index + 1,
          drop_operations(stage.space, net.edge_weights(false), net.edge_weights(true),
                          kept.at(static_cast<size_t>(stage.index)))};
}

}  // namespace sanas
