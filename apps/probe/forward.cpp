// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "common/arguments.h"
#include "common/help.h"
#include "common/network_options.h"
#include "common/program.h"
#include "probe/networks.h"
#include "probe/verbs.h"
#include "sanas/core/error.h"
#include "sanas/kernels/kernel_choice.h"
#include "sanas/setup/dataset_networks.h"

namespace sanas {
namespace {

struct ForwardOptions {
  NetworkOptions network;
  std::string weights;
  std::string input;
  std::string output;
  bool train = false;
  torch::Dtype dtype = torch::kFloat32;
  bool gradients = false;
  KernelChoice kernels = KernelChoice::kAuto;
};

/// A network, its outputs for x, and what gradients are taken of.
struct Inspected {
  std::shared_ptr<torch::nn::Module> network;
  std::function<EvalOutput(const torch::Tensor&)> forward;
  std::vector<std::pair<std::string, torch::Tensor>> architecture;
};

Inspected inspect_supernet(const ForwardOptions& options, const TensorsOfFile& weights,
                           const NamedTensors& input) {
  const Config config =
      load_config(options.network.config, options.network.assignments, config_folders());
  const SupernetChoice choice = supernet_without_data(config);
  const auto architecture = open_architecture(choice, weights, options.dtype);
  const auto net = open_supernet(choice, architecture, weights, input);
  return {net,
          [net](const torch::Tensor& x) {
            return EvalOutput{net->forward(x), {}};
          },
          architecture->named_tensors()};
}

Inspected inspect_genotype(const ForwardOptions& options, const TensorsOfFile& weights) {
  const auto net = open_genotype(options.network, KernelChoice::kAuto, weights, options.dtype);
  return {net, [net](const torch::Tensor& x) { return net->forward(x); }, {}};
}

/// grad.NAME of every weight and architecture variable.
void append_gradients(NamedTensors& result, const Inspected& inspected, const torch::Tensor& loss) {
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

void forward(const ForwardOptions& options) {
  const bool discrete = is_genotype(options.network, "forward");
  const TensorsOfFile weights{options.weights, read_tensors(options.weights)};
  const auto input = read_tensors(options.input);
  const auto inspected =
      discrete ? inspect_genotype(options, weights) : inspect_supernet(options, weights, input);
  inspected.network->train(options.train);
  const auto composed = options.kernels == KernelChoice::kComposed
                            ? std::make_unique<ScopedComposed>()
                            : std::unique_ptr<ScopedComposed>();
  const auto& images = find_images(input, "x", options.input);
  const auto output = inspected.forward(images.to(options.dtype));

  NamedTensors result;
  result.tensors.insert("logits", output.logits.detach());
  if (output.auxiliary_logits.defined()) {
    result.tensors.insert("auxiliary_logits", output.auxiliary_logits.detach());
  }
  if (input.tensors.contains("y")) {
    const auto loss = loss_of(
        output, find_labels(input, "y", images.size(0), output.logits.size(1), options.input));
    result.tensors.insert("loss", loss.detach());
    if (options.gradients) {
      append_gradients(result, inspected, loss);
    }
  } else if (options.gradients) {
    throw FileError(options.input + ": --gradients needs labels in the tensor 'y'");
  }
  write_whole([&] { write_tensors(options.output, result); });
}

}  // namespace

void add_forward(CLI::App& app, std::function<void()>& verb) {
  auto* command = app.add_subcommand("forward", "logits, loss and gradients for given weights");
  const auto options = std::make_shared<ForwardOptions>();
  add_network_options(*command, options->network);
  add_path(*command, "--weights", options->weights, "FILE", "safetensors or .pt state dict")
      ->required();
  add_path(*command, "--input", options->input, "FILE",
           "file with x (N×C×H×W, normalised) and y (int64)")
      ->required();
  add_path(*command, "--out,--output", options->output, "FILE", "file for logits, loss, gradients")
      ->required();
  add_choice(*command, "--kernels", options->kernels,
             {{"auto", KernelChoice::kAuto}, {"composed", KernelChoice::kComposed}},
             "auto or composed");
  add_choice(*command, "--mode", options->train, {{"train", true}, {"eval", false}},
             "train or eval");
  add_dtype(*command, options->dtype);
  command->add_flag("--gradients", options->gradients,
                    "also grad.<name> for every weight and alpha");
  add_examples(*command, {"--genotype DARTS_V2 --dataset cifar100 --weights "
                          "runs/trained/weights.safetensors --input batch.safetensors "
                          "--out logits.safetensors",
                          "--genotype DARTS_V2 --dataset cifar100 --weights "
                          "runs/trained/weights.safetensors --input batch.safetensors "
                          "--mode train --gradients --out gradients.safetensors"});
  command->callback([options, &verb] { verb = [options] { forward(*options); }; });
}

}  // namespace sanas
