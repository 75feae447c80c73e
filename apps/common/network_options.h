// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "common/config_options.h"

namespace sanas {

/// A network on the command line: the search network of a configuration, or the discrete network of
/// a genotype on a data set.
struct NetworkOptions {
  std::string config;
  std::vector<std::string> assignments;  ///< of --set
  std::string genotype;
  std::string dataset = "cifar10";
  int64_t channels = 0;  ///< 0: what papers train on the data set; `cells` likewise
  int64_t cells = 0;
};

/// Adds --config and --set, or else --genotype, --dataset, --channels and --cells.
void add_network_options(CLI::App& command, NetworkOptions& options);

/// Whether the network is that of a genotype. Throws ConfigError unless exactly one of --genotype
/// and --config is given to `verb`.
bool is_genotype(const NetworkOptions& options, const std::string& verb);

}  // namespace sanas
