// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/chain.h"

namespace sanas {

/// How good the network of a training is on the test images.
struct TrainingScore {
  /// Of the run; plain text.
  std::string name;
  /// Whether its genotype is the one that was found, and not a random one.
  bool found = false;
  /// In [0, 1]; nothing where it was not tested yet.
  std::optional<double> top1;
  std::optional<double> parameters;
  /// "at the end", or the epoch after which it was tested.
  std::string when;
};

/// Of the trainings of a chain, then of the random genotypes.
std::vector<TrainingScore> scores_of(const Chain& chain);

/// The accuracies of one of the two groups, of those that were tested.
std::vector<double> accuracies_of(const std::vector<TrainingScore>& scores, bool found);

/// Mean and range of both groups in words, and how many of the random genotypes the found one is
/// better than; as HTML.
std::string scores_in_words(const std::vector<TrainingScore>& scores);

/// A line for each training.
std::string scores_table(const std::vector<TrainingScore>& scores);

}  // namespace sanas
