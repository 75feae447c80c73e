// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/training_checkpoint.h"

#include <utility>

#include "checkpoint/loop_info.h"
#include "sanas/checkpoint/module_state.h"
#include "sanas/core/error.h"
#include "sanas/setup/networks.h"

namespace sanas {
namespace {

/// Names in the order of values_of(network).
std::vector<std::string> value_names(const torch::nn::Module& network) {
  std::vector<std::string> names;
  for (const auto& parameter : network.named_parameters()) {
    names.push_back(parameter.key());
  }
  for (const auto& buffer : network.named_buffers()) {
    names.push_back(buffer.key());
  }
  return names;
}

void append_values(NamedTensors& to, const torch::nn::Module& network, const TensorList& values,
                   const std::string& prefix) {
  size_t i = 0;
  for (const auto& name : value_names(network)) {
    to.tensors.insert(prefix + name, values[i++]);
  }
}

TensorList load_values(const NamedTensors& tensors, const std::string& source,
                       const torch::nn::Module& network, const std::string& prefix) {
  TensorList values;
  const TensorList own = values_of(network);
  for (const auto& name : value_names(network)) {
    const auto& like = own[values.size()];
    const auto& value = find_tensor(tensors, prefix + name, source);
    if (value.sizes() != like.sizes()) {
      throw FileError(source + ": '" + prefix + name + "' has the wrong shape");
    }
    values.push_back(value.to(like.options()));
  }
  return values;
}

constexpr const char* kBest = "best.";
constexpr const char* kAverage = "ema.";
/// int64 [epoch], double [top-1] of the best network; int64 [updates] of the average.
constexpr const char* kBestEpoch = "best_epoch";
constexpr const char* kBestTop1 = "best_top1";
constexpr const char* kAverageUpdates = "ema_updates";

}  // namespace

NamedTensors training_checkpoint(const EvaluationLoop& loop, const Config& config,
                                 const DatasetInfo& info, uint64_t metrics_position) {
  NamedTensors all = state_dict(loop.network(), "net.");
  const TrainingState state = loop.state();
  append_momentum(all, loop.network(), state.momentum, "m.");
  append_meter(all, "meter", state.meter);
  if (state.average) {
    append_values(all, loop.network(), state.average->values, kAverage);
    all.tensors.insert(kAverageUpdates, torch::tensor(state.average->updates));
  }
  if (state.best.epoch >= 0) {
    append_values(all, loop.network(), state.best.values, kBest);
    all.tensors.insert(kBestEpoch, torch::tensor(state.best.epoch));
    all.tensors.insert(kBestTop1, torch::tensor(state.best.top1, torch::kDouble));
  }
  append_counts(all, state.counts);
  CheckpointInfo about = info_of(loop, config, info, metrics_position);
  about.kind = "evaluation";
  about.genotype = to_string(loop.network().genotype());
  write_checkpoint_info(all, about);
  return all;
}

void load_training_checkpoint(const NamedTensors& tensors, const std::string& source,
                              EvaluationLoop& loop) {
  const auto info = read_info_of("evaluation", tensors, source);
  if (info.genotype != to_string(loop.network().genotype())) {
    throw FileError(source + ": a checkpoint of another genotype: " + info.genotype);
  }
  load_state_dict(loop.network(), tensors, source, "net.");
  TrainingState state;
  state.momentum = load_momentum(tensors, source, loop.network(), "m.");
  if (loop.options().ema_decay > 0.0) {
    state.average = {load_values(tensors, source, loop.network(), kAverage),
                     find_integer(tensors, kAverageUpdates, source)};
  }
  if (tensors.tensors.contains(kBestEpoch)) {
    const auto& top1 = find_tensor(tensors, kBestTop1, source);
    if (top1.numel() != 1) {
      throw FileError(source + ": the tensor '" + kBestTop1 + "' is not one number");
    }
    state.best = {find_integer(tensors, kBestEpoch, source), top1.item<double>(),
                  load_values(tensors, source, loop.network(), kBest)};
  }
  state.meter = load_meter(tensors, source, "meter");
  state.counts = load_counts(tensors, source, info.step, loop.steps_per_epoch());
  loop.set_state(state);
}

TrainedNetwork load_trained_network(const NamedTensors& tensors, const std::string& source,
                                    const torch::Device& device) {
  TrainedNetwork trained;
  trained.info = read_info_of("evaluation", tensors, source);
  trained.network =
      std::make_shared<EvalNetwork>(parse_genotype(trained.info.genotype),
                                    network_options_for(trained.info.config, trained.info.data()));
  const bool has_best = tensors.tensors.contains(kBestEpoch);
  const bool has_average = tensors.tensors.contains(kAverageUpdates);
  load_state_dict(*trained.network, tensors, source,
                  has_best      ? kBest
                  : has_average ? kAverage
                                : "net.");
  trained.network->to(device);
  trained.network->eval();
  return trained;
}

}  // namespace sanas
