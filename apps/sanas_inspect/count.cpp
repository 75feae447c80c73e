// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "common/options.h"
#include "sanas/core/error.h"
#include "sanas/data/dataset_facts.h"
#include "sanas/io/genotype_files.h"
#include "sanas/nn/network_size.h"
#include "sanas_inspect/networks.h"
#include "sanas_inspect/verbs.h"

namespace sanas {
namespace {

struct CountOptions {
  std::string genotype;
  std::string config;
  std::vector<std::string> settings;
  std::string dataset = "cifar10";
  int64_t channels = 0;
  int64_t cells = 0;
  CountingRule rule = CountingRule::kPlain;
  bool json = false;
};

/// P-DARTS and PR-DARTS have a second batch norm in the ImageNet network's auxiliary head.
AuxiliaryVariant auxiliary_variant_of(const std::string& genotype) {
  return genotype == "PDARTS" || genotype == "PRDARTS" ? AuxiliaryVariant::kPdarts
                                                       : AuxiliaryVariant::kDarts;
}

NetworkSize count_genotype(const CountOptions& options) {
  auto network = network_for_dataset(options.dataset, options.channels, options.cells);
  network.auxiliary_variant = auxiliary_variant_of(options.genotype);
  return measure_network(find_genotype(options.genotype), network,
                         dataset_facts(options.dataset).image_size, options.rule);
}

NetworkSize count_supernet(const CountOptions& options) {
  const Config config = load_config(options.config, options.settings, config_folders());
  const SupernetChoice choice = choice_without_data(config);
  const auto net = make_supernet(choice, make_architecture(choice, 1e-3));
  net->eval();
  const int64_t size = dataset_facts(config.dataset.source.name).image_size;
  NetworkSize result;
  result.parameters = result.parameters_with_auxiliary = count_parameters(*net);
  result.macs = count_macs([&] { net->forward(torch::zeros({1, 3, size, size})); }, options.rule);
  return result;
}

void count(const CountOptions& options) {
  if (options.genotype.empty() == options.config.empty()) {
    throw ConfigError("count: exactly one of --genotype and --config is needed");
  }
  const NetworkSize size =
      options.genotype.empty() ? count_supernet(options) : count_genotype(options);
  if (options.json) {
    std::cout << "{\"parameters\": " << size.parameters
              << ", \"parameters_with_auxiliary\": " << size.parameters_with_auxiliary
              << ", \"macs\": " << size.macs << "}\n";
  } else {
    std::cout << "parameters                " << size.parameters << "\nparameters with auxiliary "
              << size.parameters_with_auxiliary << "\nmultiply-adds             " << size.macs
              << '\n';
  }
}

}  // namespace

void add_count(CLI::App& app, std::function<void()>& verb) {
  auto* command = app.add_subcommand("count", "parameters and multiply-adds");
  const auto options = std::make_shared<CountOptions>();
  command->add_option("--genotype", options->genotype, "preset name, text file or checkpoint");
  command->add_option("--config", options->config, "configuration: count its search network");
  add_network_options(*command, *options);
  add_choice(*command, "--rule", options->rule,
             {{"plain", CountingRule::kPlain}, {"bn_relu", CountingRule::kWithBatchNormAndRelu}},
             "plain, or bn_relu: also two per batch norm and one per ReLU element");
  command->add_flag("--json", options->json, "print JSON");
  command->callback([options, &verb] { verb = [options] { count(*options); }; });
}

}  // namespace sanas
