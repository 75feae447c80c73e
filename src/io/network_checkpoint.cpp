// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/network_checkpoint.h"

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
  all.tensors.insert("skipped_updates", torch::tensor(loop.skipped_updates()));
  all.tensors.insert("rollbacks", torch::tensor(loop.rollbacks()));
  write_checkpoint_info(all, {.kind = "evaluation",
                              .config = config,
                              .genotype = to_string(loop.network().genotype()),
                              .dataset = info.name,
                              .classes = info.classes,
                              .normalization = make_normalization(config, info),
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
  loop.resume_at(info.step, load_meter(tensors, source, "meter"),
                 find_tensor(tensors, "skipped_updates", source).item<int64_t>());
  loop.skip_to(info.step, find_tensor(tensors, "rollbacks", source).item<int64_t>());
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
  load_state_dict(*trained.network, tensors, source, "net.");
  trained.network->to(device);
  trained.network->eval();
  trained.normalization = trained.info.normalization;
  return trained;
}

}  // namespace sanas
