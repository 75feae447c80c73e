// SPDX-License-Identifier: Apache-2.0
#pragma once

// Chooses gamma by the protocol of the paper: a search and a training for each value.

#include <vector>

#include "sanas/runs/search_run.h"

namespace sanas {

/// The grid of supplement §A.5.
inline const std::vector<double> kGammaGrid{0.1, 0.5, 1.0, 2.0, 3.0};

struct GammaScore {
  double gamma = 0.0;
  /// Top-1 on the held-out images.
  double accuracy = 0.0;
  Genotype genotype;
};

struct GammaTuning {
  RunOutcome outcome = RunOutcome::kFinished;
  /// In the order of the grid, as many as are done.
  std::vector<GammaScore> scores;
};

/// The protocol of supplement §A.5: a tenth of each half of the training images is held out by
/// class and seed; for each γ a search on what is left, a training of what it found on the same
/// images, and a test on those held out. Everything goes into `options.out`: a folder per γ with
/// its runs, `gamma.tsv` with a line per γ, and `gamma.txt` with the best one. With
/// `options.resume` what is done is kept. What would be refused after the first search is refused
/// before it, as is an epoch selected by the images that γ is chosen on. Throws like run_search and
/// run_evaluation.
GammaTuning tune_gamma(const Config& config, const std::vector<double>& gammas,
                       const RunOptions& options, Log& log);

/// The score with the highest accuracy; of equals the first. `scores` must not be empty.
const GammaScore& best_gamma(const std::vector<GammaScore>& scores);

}  // namespace sanas
