// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "common/arguments.h"
#include "common/config_options.h"
#include "common/help.h"
#include "common/program.h"
#include "inspect/genotype_output.h"
#include "inspect/verbs.h"
#include "sanas/checkpoint/search_result.h"
#include "sanas/core/error.h"
#include "sanas/formats/tensor_file.h"

namespace sanas {
namespace {

struct DeriveOptions {
  std::string config;
  std::vector<std::string> assignments;
  std::string alphas;
  std::string format = "text";
  std::string output;
  std::string weights;
  std::string weights_output;
};

void derive(const DeriveOptions& options) {
  const Config config = load_config(options.config, options.assignments, config_folders());
  const TensorsOfFile alphas{options.alphas, read_tensors(options.alphas)};
  const auto genotypes = derive_genotypes(config, alphas);
  if (!options.weights.empty()) {
    if (genotypes.size() > 1) {
      throw ConfigError("derive: --with-weights is for one genotype, not for a batch of " +
                        std::to_string(genotypes.size()));
    }
    const TensorsOfFile weights{options.weights, read_tensors(options.weights)};
    Log log;
    const auto discrete = discrete_weights(config, genotypes.front(), alphas, weights, log);
    write_whole([&] { write_tensors(options.weights_output, discrete); });
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
  add_path(*command, "--config", options->config, "NAME|FILE", "configuration of the search")
      ->required();
  add_settings(*command, options->assignments);
  add_path(*command, "--alphas", options->alphas, "FILE",
           "safetensors or .pt file with alphas_normal, alphas_reduce (and betas_*)")
      ->required();
  add_genotype_output(*command, options->format, options->output);
  auto* weights =
      add_path(*command, "--with-weights", options->weights, "FILE",
               "weights of the search network, or its checkpoint: the chosen operations'");
  auto* output = add_path(*command, "--weights-output", options->weights_output, "FILE",
                          "file for them, as the state dict of the discrete network");
  output->needs(weights);
  weights->needs(output);
  add_examples(*command,
               {"--config cifar100_darts2nd --alphas runs/first/checkpoints/last.safetensors",
                "--config cifar100_darts2nd --alphas runs/first/checkpoints/last.safetensors "
                "--with-weights runs/first/checkpoints/last.safetensors --weights-output "
                "discrete.safetensors"});
  command->callback([options, &verb] { verb = [options] { derive(*options); }; });
}

}  // namespace sanas
