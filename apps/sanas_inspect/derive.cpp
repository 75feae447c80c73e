// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "common/options.h"
#include "sanas/core/error.h"
#include "sanas/io/module_state.h"
#include "sanas_inspect/genotype_output.h"
#include "sanas_inspect/networks.h"
#include "sanas_inspect/verbs.h"

namespace sanas {
namespace {

struct DeriveOptions {
  std::string config;
  std::vector<std::string> settings;
  std::string alphas;
  std::string format = "text";
  std::string output;
};

/// The operations of a P-DARTS stage, where the file says which are still on (edges × operations of
/// the whole space, 1 on, 0 off).
SearchSpace switched_space(SearchSpace space, const NamedTensors& tensors) {
  const auto narrow = [&](std::vector<std::vector<Primitive>>& cell, const std::string& name) {
    const auto* switches = tensors.tensors.find(name);
    if (switches == nullptr) {
      return;
    }
    for (size_t edge = 0; edge < cell.size(); ++edge) {
      std::vector<Primitive> on;
      for (size_t k = 0; k < cell[edge].size(); ++k) {
        if ((*switches)[static_cast<int64_t>(edge)][static_cast<int64_t>(k)].item<int64_t>() != 0) {
          on.push_back(cell[edge][k]);
        }
      }
      cell[edge] = on;
    }
  };
  narrow(space.normal, "switches_normal");
  narrow(space.reduce, "switches_reduce");
  return space;
}

/// One set of architecture variables, or a batch of them along a leading dimension.
std::vector<Genotype> derive_all(const Config& config, const NamedTensors& tensors,
                                 const std::string& source) {
  SupernetChoice choice = choice_without_data(config);
  choice.options.channels = 4 * choice.pcdarts.partial_channels;  // the rule needs no weights
  choice.options.cells = std::min<int64_t>(choice.options.cells, 3);
  const auto space = switched_space(make_search_space(choice), tensors);
  const auto architecture = make_architecture(choice, space, 0.0);
  const auto net = make_supernet(choice, space, architecture);
  const auto named = architecture->named_tensors();
  const auto* first = tensors.tensors.find("alphas_normal");
  if (first == nullptr) {
    throw FileError(source + ": the tensor 'alphas_normal' is missing");
  }
  architecture->to(torch::kCPU, first->scalar_type());
  const bool batched = first->dim() == 3;
  const int64_t count = batched ? first->size(0) : 1;
  std::vector<Genotype> genotypes;
  for (int64_t i = 0; i < count; ++i) {
    NamedTensors one;
    for (const auto& [name, tensor] : named) {
      if (const auto* values = tensors.tensors.find(name)) {
        one.tensors.insert(name, batched ? (*values)[i] : *values);
      }
    }
    load_architecture(*architecture, one, source);
    genotypes.push_back(net->derive());
  }
  return genotypes;
}

void derive(const DeriveOptions& options) {
  const Config config = load_config(options.config, options.settings, config_folders());
  const auto genotypes = derive_all(config, read_tensors(options.alphas), options.alphas);
  if (genotypes.size() == 1) {
    write_genotype(genotypes.front(), options.format, options.output);
    return;
  }
  if (!options.output.empty() || (options.format != "text" && options.format != "json")) {
    throw ConfigError("a batch of architecture variables is printed as text or json, one per line");
  }
  for (const auto& genotype : genotypes) {
    std::cout << genotype_text(genotype, options.format);
  }
}

}  // namespace

void add_derive(CLI::App& app, std::function<void()>& verb) {
  auto* command = app.add_subcommand("derive", "architecture variables to a genotype");
  const auto options = std::make_shared<DeriveOptions>();
  command->add_option("--config", options->config, "configuration of the search")->required();
  command->add_option("--set", options->settings, "KEY=VALUE, repeatable")->allow_extra_args(false);
  command
      ->add_option("--alphas", options->alphas,
                   "safetensors or .pt file with alphas_normal, alphas_reduce (and betas_*)")
      ->required();
  command->add_option("--format", options->format, "text, json, dot or svg")
      ->check(CLI::IsMember({"text", "json", "dot", "svg"}));
  command->add_option("--output", options->output, "file; default: standard output");
  command->callback([options, &verb] { verb = [options] { derive(*options); }; });
}

}  // namespace sanas
