// SPDX-License-Identifier: Apache-2.0
#pragma once

// Trains, or tests, the discrete network of a genotype, and writes its run folder.

#include <filesystem>
#include <optional>

#include "sanas/config/config.h"
#include "sanas/core/log.h"
#include "sanas/genotype/genotype.h"
#include "sanas/runs/run_options.h"
#include "sanas/runs/test_report.h"

namespace sanas {

/// A whole training of the discrete network of a genotype, with its test and everything that it
/// writes into the run folder. With Inference::kTwoNetworks the second network is trained in the
/// folder's `second`. Throws ConfigError, DataError, FileError or NonFiniteError.
RunOutcome run_evaluation(const Config& config, const Genotype& genotype, const RunOptions& options,
                          Log& log);

/// Tests the network of a checkpoint on the images that the configuration says (TestImageSet).
/// @param second checkpoint of the second network, for Inference::kTwoNetworks.
/// @param genotype what the checkpoint has to be of, if given.
/// Throws FileError if a checkpoint is of another data set or genotype.
TestReport run_test(const Config& config, const std::filesystem::path& checkpoint,
                    const std::filesystem::path& second, const std::optional<Genotype>& genotype,
                    Log& log);

}  // namespace sanas
