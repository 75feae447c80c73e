// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random search with the same compute as a configured search.

#include "sanas/core/phase.h"
#include "sanas/runs/search_run.h"
#include "sanas/runs/sweep.h"

namespace sanas {

/// Multiply-adds per training image that the configured search spends: its forward-backward passes
/// per image, as many as its cost report counts, times those of the search network. P-DARTS counts
/// each stage like its first.
double search_budget(const Config& config, const DatasetInfo& info);

/// Genotypes that random search tries: drawn uniformly from the seed until training each for
/// `search.random.epochs` has used up the budget of the search, or `search.random.candidates` of
/// them. The networks have the width and depth of the search network and its training settings.
/// @param observer of the phase "random genotypes". Throws Interrupted.
std::vector<SweepEntry> random_candidates(const Config& config, const DatasetInfo& info,
                                          PhaseObserver& observer = nobody());

/// Random search with the compute of the configured search: trains every candidate shortly on the
/// half that the weights of a search learn from, tests it on the other half, and keeps the best in
/// `genotype.txt`. The trainings lie in `candidates`, their scores in `candidates/results.tsv`.
/// Throws like run_search.
SearchSummary run_random_search(const Config& config, const RunOptions& options, Log& log);

}  // namespace sanas
