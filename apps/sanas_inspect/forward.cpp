// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "common/options.h"
#include "sanas/core/error.h"
#include "sanas/io/checkpoint_info.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/module_state.h"
#include "sanas/optim/metrics.h"
#include "sanas_inspect/networks.h"
#include "sanas_inspect/verbs.h"

namespace sanas {
namespace {

constexpr double kAuxiliaryWeight = 0.4;

struct ForwardOptions {
  std::string config;
  std::vector<std::string> settings;
  std::string genotype;
  std::string dataset = "cifar10";
  int64_t channels = 0;
  int64_t cells = 0;
  std::string weights;
  std::string input;
  std::string output;
  std::string mode = "eval";
  std::string dtype = "float32";
  bool gradients = false;
};

/// A network, its outputs for x, and what gradients are taken of.
struct Inspected {
  std::shared_ptr<torch::nn::Module> network;
  std::function<EvalOutput(const torch::Tensor&)> forward;
  std::vector<std::pair<std::string, torch::Tensor>> architecture;
};

Inspected open_supernet(const ForwardOptions& options, const NamedTensors& weights,
                        const NamedTensors& input, torch::Dtype dtype) {
  const Config config = load_config(options.config, options.settings, config_folders());
  const SupernetChoice choice = choice_without_data(config);
  const auto architecture = make_architecture(choice, 0.0);
  const auto net = make_inspected_supernet(choice, architecture, input);
  net->to(dtype);
  architecture->to(torch::kCPU, dtype);
  load_architecture(*architecture, weights, options.weights);
  load_weights(*net, search_weights(weights), options.weights);
  return {net,
          [net](const torch::Tensor& x) {
            return EvalOutput{net->forward(x), {}};
          },
          architecture->named_tensors()};
}

/// Whether there is a tensor of that name, with or without a wrapper's in front.
bool holds(const NamedTensors& weights, const std::string& name) {
  const auto items = weights.tensors.items();
  return std::any_of(items.begin(), items.end(),
                     [&](const auto& entry) { return entry.key().ends_with(name); });
}

Inspected open_genotype(const ForwardOptions& options, const NamedTensors& weights,
                        torch::Dtype dtype) {
  auto network = network_for_dataset(options.dataset, options.channels, options.cells);
  network.auxiliary = holds(weights, "auxiliary_head.classifier.weight");
  network.auxiliary_variant = holds(weights, "auxiliary_head.features.6.weight")
                                  ? AuxiliaryVariant::kPdarts
                                  : AuxiliaryVariant::kDarts;
  const auto net = std::make_shared<EvalNetwork>(find_genotype(options.genotype), network);
  net->to(dtype);
  load_weights(*net, weights, options.weights);
  return {net, [net](const torch::Tensor& x) { return net->forward(x); }, {}};
}

void forward(const ForwardOptions& options) {
  if (options.genotype.empty() == options.config.empty()) {
    throw ConfigError("forward: exactly one of --genotype and --config is needed");
  }
  const auto dtype = dtype_from_string(options.dtype);
  const auto weights = read_tensors(options.weights);
  const auto input = read_tensors(options.input);
  const auto inspected = options.genotype.empty() ? open_supernet(options, weights, input, dtype)
                                                  : open_genotype(options, weights, dtype);
  inspected.network->train(options.mode == "train");
  const auto& images = find_images(input, "x", options.input);
  const auto output = inspected.forward(images.to(dtype));

  NamedTensors result;
  result.tensors.insert("logits", output.logits.detach());
  if (output.auxiliary_logits.defined()) {
    result.tensors.insert("auxiliary_logits", output.auxiliary_logits.detach());
  }
  if (input.tensors.contains("y")) {
    const auto& labels =
        find_labels(input, "y", images.size(0), output.logits.size(1), options.input);
    auto loss = cross_entropy(output.logits, labels);
    if (output.auxiliary_logits.defined()) {
      loss = loss + kAuxiliaryWeight * cross_entropy(output.auxiliary_logits, labels);
    }
    result.tensors.insert("loss", loss.detach());
    if (options.gradients) {
      std::vector<std::string> names;
      TensorList inputs;
      for (const auto& parameter : inspected.network->named_parameters()) {
        names.push_back(parameter.key());
        inputs.push_back(parameter.value());
      }
      for (const auto& [name, tensor] : inspected.architecture) {
        names.push_back(name);
        inputs.push_back(tensor);
      }
      const auto gradients = gradients_of(loss, inputs);
      for (size_t i = 0; i < names.size(); ++i) {
        result.tensors.insert("grad." + names[i], gradients[i]);
      }
    }
  } else if (options.gradients) {
    throw FileError(options.input + ": --gradients needs labels in the tensor 'y'");
  }
  write_tensors(options.output, result);
}

}  // namespace

void add_forward(CLI::App& app, std::function<void()>& verb) {
  auto* command = app.add_subcommand("forward", "logits, loss and gradients for given weights");
  const auto options = std::make_shared<ForwardOptions>();
  command->add_option("--config", options->config, "configuration: its search network");
  command->add_option("--genotype", options->genotype,
                      "preset name, text file or checkpoint: its network");
  add_network_options(*command, *options);
  command->add_option("--weights", options->weights, "safetensors or .pt state dict")->required();
  command->add_option("--input", options->input, "file with x (N×C×H×W, normalised) and y (int64)")
      ->required();
  command->add_option("--output,--out", options->output, "file for logits, loss, gradients")
      ->required();
  command->add_option("--mode", options->mode, "train or eval")
      ->check(CLI::IsMember({"train", "eval"}));
  command->add_option("--dtype", options->dtype, "float32 or float64")
      ->check(CLI::IsMember({"float32", "float64"}));
  command->add_flag("--gradients", options->gradients,
                    "also grad.<name> for every weight and alpha");
  command->callback([options, &verb] { verb = [options] { forward(*options); }; });
}

}  // namespace sanas
