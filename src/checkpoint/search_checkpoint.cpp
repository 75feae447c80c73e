// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/search_checkpoint.h"

#include <algorithm>
#include <sstream>

#include "checkpoint/loop_info.h"
#include "genotype/switches.h"
#include "sanas/checkpoint/module_state.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"

namespace sanas {
namespace {

void append_numbered(NamedTensors& to, const std::string& prefix, const TensorList& tensors) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    to.tensors.insert(prefix + std::to_string(i), tensors[i]);
  }
}

TensorList find_numbered(const NamedTensors& tensors, const std::string& prefix) {
  TensorList result;
  while (const auto* found = tensors.tensors.find(prefix + std::to_string(result.size()))) {
    result.push_back(*found);
  }
  return result;
}

/// Epochs and eigenvalues as a tensor, the genotypes as lines of the metadata.
void append_measurements(NamedTensors& to, const std::vector<EigenvalueMeasurement>& measurements) {
  const auto count = static_cast<int64_t>(measurements.size());
  const auto values = torch::zeros({count, 2}, torch::kDouble);
  std::vector<std::string> genotypes;
  for (const auto& measurement : measurements) {
    const auto row = values[static_cast<int64_t>(genotypes.size())];
    row[0] = static_cast<double>(measurement.epoch);
    row[1] = measurement.eigenvalue;
    genotypes.push_back(measurement.genotype);
  }
  to.tensors.insert("eigenvalues", values);
  to.metadata["eigenvalue_genotypes"] = join(genotypes, "\n");
}

std::vector<EigenvalueMeasurement> load_measurements(const NamedTensors& tensors,
                                                     const std::string& source) {
  const auto values = find_tensor(tensors, "eigenvalues", source).to(torch::kDouble);
  if (values.dim() != 2 || values.size(1) != 2) {
    throw FileError(source + ": the tensor 'eigenvalues' is no list of epochs and eigenvalues");
  }
  const auto text = tensors.metadata.find("eigenvalue_genotypes");
  std::istringstream genotypes(text == tensors.metadata.end() ? "" : text->second);
  std::vector<EigenvalueMeasurement> measurements;
  for (int64_t i = 0; i < values.size(0); ++i) {
    EigenvalueMeasurement measurement{static_cast<int64_t>(values[i][0].item<double>()),
                                      values[i][1].item<double>(), ""};
    if (!std::getline(genotypes, measurement.genotype)) {
      throw FileError(source + ": the genotypes of the eigenvalues are incomplete");
    }
    measurements.push_back(std::move(measurement));
  }
  return measurements;
}

}  // namespace

NamedTensors search_checkpoint(const SearchLoop& loop, const SearchStage& stage,
                               const Config& config, const DatasetInfo& info,
                               uint64_t metrics_position) {
  NamedTensors all;
  const SearchState state = loop.state();
  const auto& networks = loop.networks();
  append(all, state_dict(*networks.net1, "w1."));
  append_momentum(all, *networks.net1, state.momentum1, "m1.");
  if (networks.net2) {
    append(all, state_dict(*networks.net2, "w2."));
    append_momentum(all, *networks.net2, state.momentum2, "m2.");
  }
  for (const auto& [name, tensor] : networks.architecture()->named_tensors()) {
    all.tensors.insert(name, tensor.detach());
  }
  append_numbered(all, "architecture_optimizer.", state.architecture_optimizer);
  append_numbered(all, "initial_architecture.", state.initial_architecture);
  append_stage(all, config, stage);
  append_meter(all, "meter1", state.meter1);
  append_meter(all, "meter2", state.meter2);
  append_measurements(all, state.eigenvalues);
  all.tensors.insert("perturbations.samples", state.perturbations.samples);
  all.tensors.insert("perturbations.codes", state.perturbations.codes);
  all.tensors.insert("perturbations.scales", state.perturbations.scales);
  append_counts(all, state.counts);
  CheckpointInfo about = info_of(loop, config, info, metrics_position);
  about.kind = "search";
  about.genotype = to_string(loop.genotype());
  write_checkpoint_info(all, about);
  return all;
}

void load_search_checkpoint(const NamedTensors& tensors, const std::string& source,
                            SearchLoop& loop) {
  const auto info = read_info_of("search", tensors, source);
  const auto& networks = loop.networks();
  load_state_dict(*networks.net1, tensors, source, "w1.");
  SearchState state;
  state.momentum1 = load_momentum(tensors, source, *networks.net1, "m1.");
  if (networks.net2) {
    load_state_dict(*networks.net2, tensors, source, "w2.");
    state.momentum2 = load_momentum(tensors, source, *networks.net2, "m2.");
  }
  load_architecture(*networks.architecture(), tensors, source);
  state.architecture_optimizer = find_numbered(tensors, "architecture_optimizer.");
  state.initial_architecture = find_numbered(tensors, "initial_architecture.");
  const TensorList& initial = state.initial_architecture;
  const TensorList now = networks.architecture()->tensors();
  if (!std::equal(initial.begin(), initial.end(), now.begin(), now.end(),
                  [](const auto& a, const auto& b) { return a.sizes() == b.sizes(); })) {
    throw FileError(source + ": the initial architecture is incomplete, or of another space");
  }
  state.eigenvalues = load_measurements(tensors, source);
  state.perturbations = {find_tensor(tensors, "perturbations.samples", source),
                         find_tensor(tensors, "perturbations.codes", source),
                         find_tensor(tensors, "perturbations.scales", source)};
  state.meter1 = load_meter(tensors, source, "meter1");
  state.meter2 = load_meter(tensors, source, "meter2");
  state.counts = load_counts(tensors, source, info.step, loop.steps_per_epoch());
  loop.set_state(state);
}

void append_stage(NamedTensors& to, const Config& config, const SearchStage& stage) {
  const SearchSpace whole = make_search_space(config.supernet);
  to.tensors.insert("stage", torch::tensor(stage.index));
  to.tensors.insert("switches_normal", switches(whole.normal, stage.space.normal));
  to.tensors.insert("switches_reduce", switches(whole.reduce, stage.space.reduce));
}

SearchStage read_stage(const Config& config, const NamedTensors& tensors,
                       const std::string& source) {
  SearchStage stage = first_stage(config.supernet);
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
  if (stage.index < 0 || stage.index >= stage_count(config.supernet)) {
    throw FileError(source + ": stage " + std::to_string(stage.index) + ", expected below " +
                    std::to_string(stage_count(config.supernet)));
  }
  return stage;
}

}  // namespace sanas
