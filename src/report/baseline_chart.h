// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/training_scores.h"

namespace sanas {

/// The accuracies of trainings as dots, a line for each: what was found is larger, its name bold,
/// over mean and range of the random genotypes. Empty for less than two that were tested: one alone
/// has nothing to be compared with.
std::string baseline_chart(const std::vector<TrainingScore>& scores);

}  // namespace sanas
