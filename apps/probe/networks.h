// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "common/network_options.h"
#include "sanas/checkpoint/search_result.h"
#include "sanas/formats/named_tensors.h"
#include "sanas/formats/tensor_file.h"
#include "sanas/nn/eval_network.h"
#include "sanas/supernet/factory.h"

namespace sanas {

/// load_state_dict, which says on standard error if names had something in front of them.
void load_weights(torch::nn::Module& net, const NamedTensors& tensors, const std::string& source);

/// N×3×H×W floating-point numbers. Throws FileError for anything else.
const torch::Tensor& find_images(const NamedTensors& tensors, const std::string& name,
                                 const std::string& source);

/// `count` labels below `classes`, int64. Throws FileError for anything else.
const torch::Tensor& find_labels(const NamedTensors& tensors, const std::string& name,
                                 int64_t count, int64_t classes, const std::string& source);

/// Adds --dtype.
CLI::Option* add_dtype(CLI::App& command, torch::Dtype& target);

/// A search network with the architecture variables of `tensors` ("alphas_normal", …). PR-DARTS
/// draws its gates from `gates.*` where they are given.
std::shared_ptr<Supernet> make_inspected_supernet(const SupernetChoice& choice,
                                                  std::shared_ptr<ArchParameters> architecture,
                                                  const NamedTensors& tensors);

/// Architecture variables of a search network, those of `weights`.
std::shared_ptr<ArchParameters> open_architecture(const SupernetChoice& choice,
                                                  const TensorsOfFile& weights, torch::Dtype dtype);

/// A search network with the state dict in `weights`. @param input has the gates of PR-DARTS.
std::shared_ptr<Supernet> open_supernet(const SupernetChoice& choice,
                                        std::shared_ptr<ArchParameters> architecture,
                                        const TensorsOfFile& weights, const NamedTensors& input);

/// The discrete network of `options` with the state dict in `weights`, and with an auxiliary head
/// if that has one.
std::shared_ptr<EvalNetwork> open_genotype(const NetworkOptions& options, KernelChoice kernels,
                                           const TensorsOfFile& weights, torch::Dtype dtype);

/// Mean cross-entropy of the logits, and 0.4 times that of the auxiliary head's where there are
/// any.
torch::Tensor loss_of(const EvalOutput& output, const torch::Tensor& labels);

}  // namespace sanas
