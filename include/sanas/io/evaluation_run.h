// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sanas/genotype/genotype.h"
#include "sanas/io/search_run.h"
#include "sanas/optim/metrics.h"

namespace sanas {

/// A whole training of the discrete network of a genotype, with its test and everything that it
/// writes into the run folder. Throws ConfigError, DataError, FileError or NonFiniteError.
RunOutcome run_evaluation(const Config& config, const Genotype& genotype, const RunOptions& options,
                          Log& log);

/// Tests the network of a checkpoint on the test images of the configuration's data set.
/// Throws FileError if the checkpoint is of another data set.
ClassificationMeter run_test(const Config& config, const std::filesystem::path& checkpoint);

}  // namespace sanas
