// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/search_stage.h"

#include "sanas/core/error.h"
#include "sanas/genotype/progressive_derivation.h"
#include "sanas/genotype/switches.h"
#include "sanas/io/checkpoint_info.h"

namespace sanas {

int64_t stage_count(const Config& config) {
  return config.supernet.family == "pdarts" ? config.supernet.pdarts.stages() : 1;
}

SearchStage first_stage(const Config& config) { return {0, make_search_space(config.supernet)}; }

SearchStage next_stage(const Config& config, const SearchStage& stage, const Supernet& net) {
  const auto& kept = config.supernet.pdarts.kept_operations;
  return {stage.index + 1,
          drop_operations(stage.space, net.edge_weights(false), net.edge_weights(true),
                          kept.at(static_cast<size_t>(stage.index)))};
}

void append_stage(NamedTensors& to, const Config& config, const SearchStage& stage) {
  const SearchSpace whole = make_search_space(config.supernet);
  to.tensors.insert("stage", torch::tensor(stage.index));
  to.tensors.insert("switches_normal", switches(whole.normal, stage.space.normal));
  to.tensors.insert("switches_reduce", switches(whole.reduce, stage.space.reduce));
}

SearchStage read_stage(const Config& config, const NamedTensors& tensors,
                       const std::string& source) {
  SearchStage stage = first_stage(config);
  try {
    stage.index = find_integer(tensors, "stage", source);
    stage.space.normal =
        switched_on(stage.space.normal, find_tensor(tensors, "switches_normal", source));
    stage.space.reduce =
        switched_on(stage.space.reduce, find_tensor(tensors, "switches_reduce", source));
    validate(stage.space);
  } catch (const ConfigError& error) {
    throw FileError(source + ": " + error.what());
  }
  if (stage.index < 0 || stage.index >= stage_count(config)) {
    throw FileError(source + ": stage " + std::to_string(stage.index) + ", expected below " +
                    std::to_string(stage_count(config)));
  }
  return stage;
}

}  // namespace sanas
