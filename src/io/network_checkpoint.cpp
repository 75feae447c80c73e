// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/network_checkpoint.h"

#include <utility>

#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/io/module_state.h"
#include "sanas/io/search_setup.h"

namespace sanas {
namespace {

EvalNetworkOptions network_options(const Config& config, int64_t classes, int64_t height) {
  EvalNetworkOptions options;
  options.kind = network_kind_for(batch_image_size(config.dataset.augment, height));
  options.channels = config.evaluation.channels;
  options.cells = config.evaluation.cells;
  options.classes = classes;
  options.auxiliary = config.evaluation.auxiliary_weight > 0.0;
  options.auxiliary_variant = config.evaluation.auxiliary_variant;
  options.odd_size = config.supernet.options.odd_size;
  return options;
}

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

EvalNetworkOptions network_options_for(const Config& config, const DatasetInfo& info) {
  return network_options(config, info.num_classes(), info.height);
}

std::shared_ptr<EvalNetwork> make_eval_network(const Config& config, const Genotype& genotype,
                                               const DatasetInfo& info,
                                               const torch::Device& device) {
  const FrozenRandomness frozen(derive_seed(config.evaluation.seed, {0}));
  const auto options = network_options_for(config, info);
  check_image_size(options.kind, batch_image_size(config.dataset.augment, info.height),
                   options.cells, options.odd_size);
  auto network = std::make_shared<EvalNetwork>(genotype, options);
  network->to(device);
  return network;
}

NamedTensors training_checkpoint(EvaluationLoop& loop, const Config& config,
                                 const DatasetInfo& info, uint64_t metrics_position) {
  NamedTensors all = state_dict(loop.network(), "net.");
  append_momentum(all, loop.network(), loop.weights(), "m.");
  append_meter(all, "meter", loop.meter());
  if (loop.average() != nullptr) {
    append_values(all, loop.network(), loop.average()->values(), kAverage);
    all.tensors.insert(kAverageUpdates, torch::tensor(loop.average()->updates()));
  }
  if (loop.best().epoch >= 0) {
    append_values(all, loop.network(), loop.best().values, kBest);
    all.tensors.insert(kBestEpoch, torch::tensor(loop.best().epoch));
    all.tensors.insert(kBestTop1, torch::tensor(loop.best().top1, torch::kDouble));
  }
  all.tensors.insert("reported_epochs", torch::tensor(loop.reported_epochs()));
  all.tensors.insert("skipped_updates", torch::tensor(loop.skipped_updates()));
  all.tensors.insert("skipped_images", torch::tensor(loop.skipped_images()));
  all.tensors.insert("rollbacks", torch::tensor(loop.rollbacks()));
  write_checkpoint_info(all, {.kind = "evaluation",
                              .config = config,
                              .genotype = to_string(loop.network().genotype()),
                              .dataset = info.name,
                              .classes = info.classes,
                              .normalization = make_normalization(config, info),
                              .images = loop.images(),
                              .height = info.height,
                              .width = info.width,
                              .step = loop.step(),
                              .metrics_position = metrics_position});
  return all;
}

void load_training_checkpoint(const NamedTensors& tensors, const std::string& source,
                              EvaluationLoop& loop) {
  const auto info = read_checkpoint_info(tensors, source);
  if (info.kind != "evaluation") {
    throw FileError(source + ": a checkpoint of kind '" + info.kind + "', expected 'evaluation'");
  }
  if (info.genotype != to_string(loop.network().genotype())) {
    throw FileError(source + ": a checkpoint of another genotype: " + info.genotype);
  }
  load_state_dict(loop.network(), tensors, source, "net.");
  load_momentum(tensors, source, loop.network(), loop.weights(), "m.");
  if (loop.average() != nullptr) {
    loop.average()->set(load_values(tensors, source, loop.network(), kAverage),
                        find_integer(tensors, kAverageUpdates, source));
  }
  BestNetwork best;
  if (tensors.tensors.contains(kBestEpoch)) {
    const auto& top1 = find_tensor(tensors, kBestTop1, source);
    if (top1.numel() != 1) {
      throw FileError(source + ": the tensor '" + kBestTop1 + "' is not one number");
    }
    best = {find_integer(tensors, kBestEpoch, source), top1.item<double>(),
            load_values(tensors, source, loop.network(), kBest)};
  }
  loop.resume_at(
      info.step, load_reported_epochs(tensors, source, info.step, loop.steps_per_epoch()),
      load_meter(tensors, source, "meter"), find_integer(tensors, "skipped_updates", source),
      find_integer(tensors, "skipped_images", source), std::move(best));
  loop.skip_to(info.step, find_integer(tensors, "rollbacks", source));
}

TrainedNetwork load_trained_network(const NamedTensors& tensors, const std::string& source,
                                    const torch::Device& device) {
  TrainedNetwork trained;
  trained.info = read_checkpoint_info(tensors, source);
  if (trained.info.kind != "evaluation") {
    throw FileError(source + ": a checkpoint of kind '" + trained.info.kind +
                    "', expected 'evaluation'");
  }
  trained.network = std::make_shared<EvalNetwork>(
      parse_genotype(trained.info.genotype),
      network_options(trained.info.config, static_cast<int64_t>(trained.info.classes.size()),
                      trained.info.height));
  const bool has_best = tensors.tensors.contains(kBestEpoch);
  const bool has_average = tensors.tensors.contains(kAverageUpdates);
  load_state_dict(*trained.network, tensors, source,
                  has_best      ? kBest
                  : has_average ? kAverage
                                : "net.");
  trained.network->to(device);
  trained.network->eval();
  trained.normalization = trained.info.normalization;
  return trained;
}

}  // namespace sanas
