// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tries a configuration out on two images, and says what the run will need.

#include <string>

#include "sanas/config/config.h"
#include "sanas/core/log.h"
#include "sanas/genotype/genotype.h"

namespace sanas {

/// What a search of this configuration is going to need, and proof that it runs: sizes, passes per
/// architecture step, an estimate of memory; then one mini-batch of two images through every phase,
/// down to the last file, in a temporary folder that is removed again.
/// @return the resolved configuration and the figures, as text. Throws what the run would throw.
std::string dry_run_search(const Config& config, Log& log);

/// The same for the training of a genotype.
std::string dry_run_evaluation(const Config& config, const Genotype& genotype, Log& log);

}  // namespace sanas
