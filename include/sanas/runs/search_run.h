// SPDX-License-Identifier: Apache-2.0
#pragma once

// A whole search: data, networks, loop and run folder.

#include <cstdint>

#include "sanas/config/config.h"
#include "sanas/core/log.h"
#include "sanas/genotype/genotype.h"
#include "sanas/nn/network_size.h"
#include "sanas/runs/run_options.h"

namespace sanas {

struct SearchSummary {
  RunOutcome outcome = RunOutcome::kFinished;
  Genotype genotype;
  /// Forward-backward passes of the last architecture step.
  int64_t architecture_passes = 0;
  /// Of the network that section `evaluation` of the configuration makes of the genotype; of a
  /// search that has finished.
  NetworkSize network = {};
};

/// A whole search: data, networks, loop and everything that it writes into the run folder.
/// Throws ConfigError, DataError, FileError or NonFiniteError.
SearchSummary run_search(const Config& config, const RunOptions& options, Log& log);

}  // namespace sanas
