// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "common/arguments.h"
#include "common/help.h"
#include "common/network_options.h"
#include "inspect/verbs.h"
#include "sanas/checkpoint/genotype_source.h"
#include "sanas/core/error.h"
#include "sanas/data/dataset_facts.h"
#include "sanas/nn/network_size.h"
#include "sanas/setup/dataset_networks.h"

namespace sanas {
namespace {

struct CountOptions {
  NetworkOptions network;
  CountingRule rule = CountingRule::kPlain;
  bool json = false;
};

/// P-DARTS and PR-DARTS have a second batch norm in the ImageNet network's auxiliary head.
AuxiliaryVariant auxiliary_variant_of(const std::string& genotype) {
  return genotype == "PDARTS" || genotype == "PRDARTS" ? AuxiliaryVariant::kPdarts
                                                       : AuxiliaryVariant::kDarts;
}

NetworkSize count_genotype(const NetworkOptions& options, CountingRule rule) {
  auto network = network_for_dataset(options.dataset, options.channels, options.cells);
  network.auxiliary_variant = auxiliary_variant_of(options.genotype);
  return measure_network(find_genotype(options.genotype), network,
                         dataset_facts(options.dataset).image_size, rule);
}

NetworkSize count_supernet(const NetworkOptions& options, CountingRule rule) {
  const Config config = load_config(options.config, options.assignments, config_folders());
  const SupernetChoice choice = supernet_without_data(config);
  const auto net = make_supernet(choice, make_architecture(choice, 1e-3));
  net->eval();
  const int64_t size = dataset_facts(config.dataset.source.name).image_size;
  NetworkSize result;
  result.parameters = result.parameters_with_auxiliary = count_parameters(*net);
  result.macs = count_macs([&] { net->forward(torch::zeros({1, 3, size, size})); }, rule);
  return result;
}

void count(const CountOptions& options) {
  const NetworkSize size = is_genotype(options.network, "count")
                               ? count_genotype(options.network, options.rule)
                               : count_supernet(options.network, options.rule);
  if (options.json) {
    const nlohmann::ordered_json counts{
        {"parameters", size.parameters},
        {"parameters_with_auxiliary", size.parameters_with_auxiliary},
        {"macs", size.macs}};
    std::cout << counts.dump(2) << '\n';
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
  add_network_options(*command, options->network);
  add_choice(*command, "--rule", options->rule,
             {{"plain", CountingRule::kPlain}, {"bn_relu", CountingRule::kWithBatchNormAndRelu}},
             "plain, or bn_relu: also two per batch norm and one per ReLU element");
  command->add_flag("--json", options->json, "print JSON");
  add_examples(*command,
               {"--genotype DARTS_V2 --dataset imagenet", "--config cifar100_darts2nd --json"});
  command->callback([options, &verb] { verb = [options] { count(*options); }; });
}

}  // namespace sanas
