// SPDX-License-Identifier: Apache-2.0
#include "common/network_options.h"

#include "common/arguments.h"
#include "sanas/core/error.h"

namespace sanas {

void add_network_options(CLI::App& command, NetworkOptions& options) {
  add_path(command, "--config", options.config, "NAME|FILE", "configuration: its search network");
  add_settings(command, options.assignments)->needs("--config");
  add_path(command, "--genotype", options.genotype, "NAME|FILE",
           "preset name, text file or checkpoint: its network");
  add_value(command, "--dataset", options.dataset, "NAME",
            "cifar10, cifar100, fashion_mnist or imagenet");
  add_value(command, "--channels", options.channels, "N", "of the first cell")
      ->check(CLI::PositiveNumber)
      ->default_str("36, ImageNet 48");
  add_value(command, "--cells", options.cells, "N", "how many there are")
      ->check(CLI::PositiveNumber)
      ->default_str("20, ImageNet 14");
  exclude(command, "--config", {"--genotype", "--dataset", "--channels", "--cells"});
}

bool is_genotype(const NetworkOptions& options, const std::string& verb) {
  if (options.genotype.empty() == options.config.empty()) {
    throw ConfigError(verb + ": exactly one of --genotype and --config is needed");
  }
  return !options.genotype.empty();
}

}  // namespace sanas
