// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/search_checkpoint.h"

#include <algorithm>
#include <sstream>

#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/io/module_state.h"

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
void append_measurements(NamedTensors& to, const EarlyStopping& early_stopping) {
  const auto count = static_cast<int64_t>(early_stopping.measurements().size());
  const auto values = torch::zeros({count, 2}, torch::kDouble);
  std::vector<std::string> genotypes;
  for (const auto& measurement : early_stopping.measurements()) {
    const auto row = values[static_cast<int64_t>(genotypes.size())];
    row[0] = static_cast<double>(measurement.epoch);
    row[1] = measurement.eigenvalue;
    genotypes.push_back(measurement.genotype);
  }
  to.tensors.insert("eigenvalues", values);
  to.metadata["eigenvalue_genotypes"] = join(genotypes, "\n");
}

void load_measurements(const NamedTensors& tensors, const std::string& source,
                       EarlyStopping& early_stopping) {
  const auto values = find_tensor(tensors, "eigenvalues", source).to(torch::kDouble);
  if (values.dim() != 2 || values.size(1) != 2) {
    throw FileError(source + ": the tensor 'eigenvalues' is no list of epochs and eigenvalues");
  }
  const auto text = tensors.metadata.find("eigenvalue_genotypes");
  std::istringstream genotypes(text == tensors.metadata.end() ? "" : text->second);
  for (int64_t i = 0; i < values.size(0); ++i) {
    EigenvalueMeasurement measurement{static_cast<int64_t>(values[i][0].item<double>()),
                                      values[i][1].item<double>(), ""};
    if (!std::getline(genotypes, measurement.genotype)) {
      throw FileError(source + ": the genotypes of the eigenvalues are incomplete");
    }
    early_stopping.add(std::move(measurement));
  }
}

}  // namespace

NamedTensors search_checkpoint(SearchLoop& loop, const SearchStage& stage, const Config& config,
                               const DatasetInfo& info, uint64_t metrics_position) {
  NamedTensors all;
  const auto& networks = loop.networks();
  append(all, state_dict(*networks.net1, "w1."));
  append_momentum(all, *networks.net1, loop.weights1(), "m1.");
  if (networks.net2) {
    append(all, state_dict(*networks.net2, "w2."));
    append_momentum(all, *networks.net2, *loop.weights2(), "m2.");
  }
  for (const auto& [name, tensor] : networks.architecture()->named_tensors()) {
    all.tensors.insert(name, tensor.detach());
  }
  append_numbered(all, "architecture_optimizer.", loop.architecture().state());
  append_numbered(all, "initial_architecture.", loop.initial_architecture());
  append_stage(all, config, stage);
  append_meter(all, "meter1", loop.meter1());
  append_meter(all, "meter2", loop.meter2());
  append_measurements(all, loop.early_stopping());
  const auto perturbations = loop.perturbations().state();
  all.tensors.insert("perturbations.samples", perturbations.samples);
  all.tensors.insert("perturbations.codes", perturbations.codes);
  all.tensors.insert("perturbations.scales", perturbations.scales);
  all.tensors.insert("reported_epochs", torch::tensor(loop.reported_epochs()));
  all.tensors.insert("skipped_updates", torch::tensor(loop.skipped_updates()));
  all.tensors.insert("skipped_images", torch::tensor(loop.skipped_images()));
  all.tensors.insert("rollbacks", torch::tensor(loop.rollbacks()));
  write_checkpoint_info(all, {.kind = "search",
                              .config = config,
                              .genotype = to_string(loop.genotype()),
                              .dataset = info.name,
                              .classes = info.classes,
                              .normalization = loop.normalization(),
                              .images = loop.images(),
                              .height = info.height,
                              .width = info.width,
                              .step = loop.step(),
                              .metrics_position = metrics_position});
  return all;
}

void load_search_checkpoint(const NamedTensors& tensors, const std::string& source,
                            SearchLoop& loop) {
  const auto info = read_checkpoint_info(tensors, source);
  if (info.kind != "search") {
    throw FileError(source + ": a checkpoint of kind '" + info.kind + "', expected 'search'");
  }
  const auto& networks = loop.networks();
  load_state_dict(*networks.net1, tensors, source, "w1.");
  load_momentum(tensors, source, *networks.net1, loop.weights1(), "m1.");
  if (networks.net2) {
    load_state_dict(*networks.net2, tensors, source, "w2.");
    load_momentum(tensors, source, *networks.net2, *loop.weights2(), "m2.");
  }
  load_architecture(*networks.architecture(), tensors, source);
  loop.architecture().set_state(find_numbered(tensors, "architecture_optimizer."));
  const auto initial = find_numbered(tensors, "initial_architecture.");
  const TensorList& now = loop.initial_architecture();
  if (!std::equal(initial.begin(), initial.end(), now.begin(), now.end(),
                  [](const auto& a, const auto& b) { return a.sizes() == b.sizes(); })) {
    throw FileError(source + ": the initial architecture is incomplete, or of another space");
  }
  load_measurements(tensors, source, loop.early_stopping());
  loop.perturbations().set_state({find_tensor(tensors, "perturbations.samples", source),
                                  find_tensor(tensors, "perturbations.codes", source),
                                  find_tensor(tensors, "perturbations.scales", source)});
  loop.resume_at(info.step,
                 load_reported_epochs(tensors, source, info.step, loop.steps_per_epoch()),
                 load_meter(tensors, source, "meter1"), load_meter(tensors, source, "meter2"),
                 initial, find_integer(tensors, "skipped_updates", source),
                 find_integer(tensors, "skipped_images", source));
  loop.skip_to(info.step, find_integer(tensors, "rollbacks", source));
}

int64_t architecture_updates(const SearchOptions& options, int64_t steps_per_epoch, int64_t step) {
  int64_t count = 0;
  for (int64_t s = options.architecture.start_epoch * steps_per_epoch; s < step; ++s) {
    count += options.update_every.updates_architecture(s) ? options.architecture.steps : 0;
  }
  return count;
}

}  // namespace sanas
