// SPDX-License-Identifier: Apache-2.0
#include "probe/networks.h"

#include <algorithm>
#include <iostream>

#include "common/arguments.h"
#include "sanas/checkpoint/checkpoint_info.h"
#include "sanas/checkpoint/genotype_source.h"
#include "sanas/checkpoint/module_state.h"
#include "sanas/core/error.h"
#include "sanas/optim/metrics.h"
#include "sanas/setup/dataset_networks.h"
#include "supernet/prdarts_supernet.h"

namespace sanas {
namespace {

constexpr double kAuxiliaryWeight = 0.4;

/// The same draws in every forward pass: first those of the normal, then of the reduction cells.
class ScriptedGateNoise : public GateNoise {
 public:
  explicit ScriptedGateNoise(const NamedTensors& tensors) : tensors_(tensors) {}

  torch::Tensor uniform(const torch::Tensor& like) override {
    return find("uniform").to(like.scalar_type());
  }
  torch::Tensor dropped(const torch::Tensor& like, double /*probability*/) override {
    return find("drop").to(like.scalar_type());
  }
  torch::Tensor permutation(int64_t /*count*/) override {
    reduction_ = !reduction_;  // the last draw of a cell type
    return find_tensor(tensors_, "gates.permutation", "gates");
  }

 private:
  torch::Tensor find(const std::string& what) const {
    return find_tensor(tensors_, "gates." + what + (reduction_ ? "_reduce" : "_normal"), "gates");
  }

  NamedTensors tensors_;
  bool reduction_ = false;
};

/// Whether there is a tensor of that name, with or without a wrapper's in front.
bool holds(const NamedTensors& weights, const std::string& name) {
  const auto items = weights.tensors.items();
  return std::any_of(items.begin(), items.end(),
                     [&](const auto& entry) { return entry.key().ends_with(name); });
}

}  // namespace

const torch::Tensor& find_images(const NamedTensors& tensors, const std::string& name,
                                 const std::string& source) {
  const auto& images = find_tensor(tensors, name, source);
  if (images.dim() != 4 || images.size(1) != 3 || images.numel() == 0 ||
      !images.is_floating_point()) {
    throw FileError(source + ": the tensor '" + name + "' is " +
                    c10::str(images.sizes(), " of ", images.scalar_type()) +
                    "; expected N×3×H×W images of floating-point numbers");
  }
  return images;
}

const torch::Tensor& find_labels(const NamedTensors& tensors, const std::string& name,
                                 int64_t count, int64_t classes, const std::string& source) {
  const auto& labels = find_tensor(tensors, name, source);
  if (labels.dim() != 1 || labels.size(0) != count || labels.scalar_type() != torch::kInt64 ||
      labels.min().item<int64_t>() < 0 || labels.max().item<int64_t>() >= classes) {
    throw FileError(source + ": the tensor '" + name + "' is wrong; expected " +
                    std::to_string(count) + " labels from 0 to " + std::to_string(classes - 1) +
                    ", int64");
  }
  return labels;
}

void load_weights(torch::nn::Module& net, const NamedTensors& tensors, const std::string& source) {
  const std::string wrapper = load_state_dict(net, tensors, source);
  if (!wrapper.empty()) {
    std::cerr << source << ": read without '" << wrapper << "' in front of each name\n";
  }
}

CLI::Option* add_dtype(CLI::App& command, torch::Dtype& target) {
  return add_choice(command, "--dtype", target,
                    {{"float32", torch::kFloat32}, {"float64", torch::kFloat64}},
                    "float32 or float64");
}

std::shared_ptr<Supernet> make_inspected_supernet(const SupernetChoice& choice,
                                                  std::shared_ptr<ArchParameters> architecture,
                                                  const NamedTensors& tensors) {
  if (choice.family != "prdarts" || !tensors.tensors.contains("gates.permutation")) {
    return make_supernet(choice, std::move(architecture));
  }
  auto net = std::make_shared<PrdartsSupernet>(make_search_space(choice), std::move(architecture),
                                               choice.options, choice.prdarts,
                                               std::make_shared<ScriptedGateNoise>(tensors));
  const auto& temperature = find_tensor(tensors, "gates.temperature", "gates");
  if (temperature.numel() != 1) {
    throw FileError("gates: the tensor 'gates.temperature' is not one number");
  }
  net->set_temperature(temperature.item<double>());
  return net;
}

std::shared_ptr<ArchParameters> open_architecture(const SupernetChoice& choice,
                                                  const TensorsOfFile& weights,
                                                  torch::Dtype dtype) {
  auto architecture = make_architecture(choice, 0.0);
  architecture->to(torch::kCPU, dtype);
  load_architecture(*architecture, weights.tensors, weights.source);
  return architecture;
}

std::shared_ptr<Supernet> open_supernet(const SupernetChoice& choice,
                                        std::shared_ptr<ArchParameters> architecture,
                                        const TensorsOfFile& weights, const NamedTensors& input) {
  const auto dtype = architecture->tensors().front().scalar_type();
  auto net = make_inspected_supernet(choice, std::move(architecture), input);
  net->to(dtype);
  load_weights(*net, search_weights(weights.tensors), weights.source);
  return net;
}

std::shared_ptr<EvalNetwork> open_genotype(const NetworkOptions& options, KernelChoice kernels,
                                           const TensorsOfFile& weights, torch::Dtype dtype) {
  auto network = network_for_dataset(options.dataset, options.channels, options.cells);
  network.kernels = kernels;
  network.auxiliary = holds(weights.tensors, "auxiliary_head.classifier.weight");
  network.auxiliary_variant = holds(weights.tensors, "auxiliary_head.features.6.weight")
                                  ? AuxiliaryVariant::kPdarts
                                  : AuxiliaryVariant::kDarts;
  auto net = std::make_shared<EvalNetwork>(find_genotype(options.genotype), network);
  net->to(dtype);
  load_weights(*net, weights.tensors, weights.source);
  return net;
}

torch::Tensor loss_of(const EvalOutput& output, const torch::Tensor& labels) {
  const auto loss = cross_entropy(output.logits, labels);
  return output.auxiliary_logits.defined()
             ? loss + kAuxiliaryWeight * cross_entropy(output.auxiliary_logits, labels)
             : loss;
}

}  // namespace sanas
