// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>

#include "common/options.h"
#include "sanas/core/error.h"
#include "sanas/genotype/switches.h"
#include "sanas/io/checkpoint_info.h"
#include "sanas/io/module_state.h"
#include "sanas/supernet/discretization.h"
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
  std::string weights;
  std::string weights_output;
};

/// The operations of a P-DARTS stage, where the file says which are still on ("switches_normal",
/// "switches_reduce").
SearchSpace switched_space(SearchSpace space, const NamedTensors& tensors,
                           const std::string& source) {
  try {
    if (const auto* on = tensors.tensors.find("switches_normal")) {
      space.normal = switched_on(space.normal, *on);
    }
    if (const auto* on = tensors.tensors.find("switches_reduce")) {
      space.reduce = switched_on(space.reduce, *on);
    }
    validate(space);
  } catch (const ConfigError& error) {
    throw FileError(source + ": " + error.what());
  }
  return space;
}

/// How many sets of architecture variables there are: as many as every one of their tensors has.
int64_t count_sets(const std::vector<std::pair<std::string, torch::Tensor>>& named,
                   const NamedTensors& tensors, const std::string& source) {
  const int64_t count = tensors.tensors["alphas_normal"].size(0);
  for (const auto& [name, tensor] : named) {
    const auto* values = tensors.tensors.find(name);
    if (values != nullptr &&
        (values->dim() != tensor.dim() + 1 || values->size(0) != count || count == 0)) {
      throw FileError(source + ": the tensor '" + name + "' has shape " +
                      c10::str(values->sizes()) + ", which is not one set for each of the " +
                      std::to_string(count) + " in 'alphas_normal'");
    }
  }
  return count;
}

/// One set of architecture variables, or a batch of them along a leading dimension.
std::vector<Genotype> derive_all(const Config& config, const NamedTensors& tensors,
                                 const std::string& source) {
  SupernetChoice choice = choice_without_data(config);
  choice.options.channels =
      4 * choice.pcdarts.parts(choice.options.kind);  // the rule needs no weights
  choice.options.cells = std::min<int64_t>(choice.options.cells, 3);
  choice.pdarts.stage = choice.pdarts.stages() - 1;  // the only one that derives
  const auto space = switched_space(make_search_space(choice), tensors, source);
  const auto architecture = make_architecture(choice, space, 0.0);
  const auto net = make_supernet(choice, space, architecture);
  const auto named = architecture->named_tensors();
  const auto* first = tensors.tensors.find("alphas_normal");
  if (first == nullptr) {
    throw FileError(source + ": the tensor 'alphas_normal' is missing");
  }
  if (!first->is_floating_point()) {
    throw FileError(source + ": the tensor 'alphas_normal' is no floating-point numbers");
  }
  architecture->to(torch::kCPU, first->scalar_type());
  const bool batched = first->dim() == 3;
  const int64_t count = batched ? count_sets(named, tensors, source) : 1;
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

/// Of the P-DARTS search that the file is from; the last one where it does not say.
int64_t stage_of(const SupernetChoice& choice, const NamedTensors& tensors,
                 const std::string& source) {
  const auto last = static_cast<int64_t>(choice.pdarts.stages()) - 1;
  if (!tensors.tensors.contains("stage")) {
    return last;
  }
  const int64_t stage = find_integer(tensors, "stage", source);
  if (stage < 0 || stage > last) {
    throw FileError(source + ": the tensor 'stage' is " + std::to_string(stage) +
                    ", but the stages of this configuration are 0 to " + std::to_string(last));
  }
  return stage;
}

/// The discrete network with the weights of the search network.
void write_discrete_weights(const DeriveOptions& options, const Config& config,
                            const Genotype& genotype, const NamedTensors& alphas) {
  SupernetChoice choice = choice_without_data(config);
  choice.pdarts.stage = stage_of(choice, alphas, options.alphas);
  const auto space = switched_space(make_search_space(choice), alphas, options.alphas);
  const auto net = std::dynamic_pointer_cast<CellSupernet>(
      make_supernet(choice, space, make_architecture(choice, space, 0.0)));
  TORCH_CHECK(net != nullptr, "family ", choice.family, " is not built of cells");
  const auto weights = search_weights(read_tensors(options.weights));
  const auto items = weights.tensors.items();
  const auto first = std::find_if(items.begin(), items.end(), [](const auto& entry) {
    return entry.value().is_floating_point();
  });
  if (first == items.end()) {
    throw FileError(options.weights + ": holds no weights of a search network");
  }
  net->to(first->value().scalar_type());
  load_weights(*net, weights, options.weights);
  write_tensors(options.weights_output, state_dict(*discretize(*net, genotype, choice.options)));
}

void derive(const DeriveOptions& options) {
  const Config config = load_config(options.config, options.settings, config_folders());
  const auto alphas = read_tensors(options.alphas);
  const auto genotypes = derive_all(config, alphas, options.alphas);
  if (!options.weights.empty()) {
    if (genotypes.size() > 1) {
      throw ConfigError("derive: --with-weights is for one genotype, not for a batch of " +
                        std::to_string(genotypes.size()));
    }
    write_discrete_weights(options, config, genotypes.front(), alphas);
  }
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
  command->add_option("--format", options->format, "text, json, dot, svg or pdf")
      ->check(CLI::IsMember({"text", "json", "dot", "svg", "pdf"}));
  command->add_option("--output,--out", options->output, "file; default: standard output");
  command->add_option("--with-weights", options->weights,
                      "weights of the search network, or its checkpoint: the chosen operations'");
  command
      ->add_option("--weights-output", options->weights_output,
                   "file for them, as the state dict of the discrete network")
      ->needs("--with-weights");
  command->get_option("--with-weights")->needs("--weights-output");
  command->callback([options, &verb] { verb = [options] { derive(*options); }; });
}

}  // namespace sanas
