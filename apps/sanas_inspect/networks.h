// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "common/options.h"
#include "sanas/io/config.h"
#include "sanas/io/named_tensors.h"
#include "sanas/io/tensor_file.h"
#include "sanas/nn/eval_network.h"
#include "sanas/supernet/supernet.h"

namespace sanas {

/// The state dict of a search network in `tensors`: what there is besides the architecture
/// variables, or W1 of a search's checkpoint.
NamedTensors search_weights(const NamedTensors& tensors);

/// load_state_dict, which says on standard error if names had something in front of them.
void load_weights(torch::nn::Module& net, const NamedTensors& tensors, const std::string& source);

/// Adds --set, which needs --config, and what describes the network of --genotype: --dataset,
/// --channels and --cells. `options` has members of these names and must outlive the command,
/// which has --genotype and --config already.
template <typename Options>
void add_network_options(CLI::App& command, Options& options) {
  command.add_option("--set", options.settings, "KEY=VALUE, repeatable")
      ->allow_extra_args(false)
      ->needs("--config");
  command.add_option("--dataset", options.dataset, "cifar10, cifar100, fashion_mnist, imagenet");
  command.add_option("--channels", options.channels, "default 36, ImageNet 48")
      ->check(CLI::PositiveNumber);
  command.add_option("--cells", options.cells, "default 20, ImageNet 14")
      ->check(CLI::PositiveNumber);
  exclude(command, "--config", {"--genotype", "--dataset", "--channels", "--cells"});
}

/// N×3×H×W floating-point numbers. Throws FileError for anything else.
const torch::Tensor& find_images(const NamedTensors& tensors, const std::string& name,
                                 const std::string& source);

/// `count` labels below `classes`, int64. Throws FileError for anything else.
const torch::Tensor& find_labels(const NamedTensors& tensors, const std::string& name,
                                 int64_t count, int64_t classes, const std::string& source);

/// "float32" or "float64". Throws ConfigError.
torch::Dtype dtype_from_string(const std::string& name);

/// The configuration of a search network on the images of its data set, without opening it.
SupernetChoice choice_without_data(const Config& config);

/// The discrete network that papers train on a data set, or one of another width or depth.
/// @param channels,cells 0: 36 and 20, for ImageNet 48 and 14.
EvalNetworkOptions network_for_dataset(const std::string& dataset, int64_t channels, int64_t cells);

/// A search network with the architecture variables of `tensors` ("alphas_normal", …). PR-DARTS
/// draws its gates from `gates.*` where they are given.
std::shared_ptr<Supernet> make_inspected_supernet(const SupernetChoice& choice,
                                                  std::shared_ptr<ArchParameters> architecture,
                                                  const NamedTensors& tensors);

}  // namespace sanas
