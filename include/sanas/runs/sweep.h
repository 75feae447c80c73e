// SPDX-License-Identifier: Apache-2.0
#pragma once

// Several trainings in one go: seeds, depths or random genotypes.

#include <string>
#include <vector>

#include "sanas/core/phase.h"
#include "sanas/runs/evaluation_run.h"
#include "sanas/train/significance.h"

namespace sanas {

/// One training of a sweep; its run folder is the sweep's folder with `name` behind it.
struct SweepEntry {
  std::string name;
  Config config;
  Genotype genotype;
};

struct SweepScore {
  std::string name;
  TestScore test;
  Genotype genotype;
};

struct SweepResult {
  RunOutcome outcome = RunOutcome::kFinished;
  /// In the order of the entries, as many as are done.
  std::vector<SweepScore> scores;
};

/// The same training with each of the seeds: "seed-0", …
std::vector<SweepEntry> seed_sweep(const Config& config, const Genotype& genotype,
                                   const std::vector<uint64_t>& seeds);
/// Networks of different depth, for accuracy against latency (supplement §C): "cells-14", …
/// Measures the latency on 30 images unless the configuration says otherwise.
std::vector<SweepEntry> depth_sweep(const Config& config, const Genotype& genotype,
                                    const std::vector<int64_t>& cells);
/// `count` genotypes of the configuration's search space drawn uniformly from its seed: "random-0",
/// … (the random baseline of DARTS).
std::vector<SweepEntry> random_sweep(const Config& config, int64_t count);
/// The same among genotypes whose networks have as many parameters as that of `like`, within a
/// tenth: a baseline that does not win or lose by its size. Where a few hundred draws hold too few
/// of them, those whose size is nearest; `log` gets a warning that says how near.
/// @param observer of reading the data set and of the draws. Throws Interrupted.
std::vector<SweepEntry> random_sweep(const Config& config, int64_t count, const Genotype& like,
                                     Log& log, PhaseObserver& observer = nobody());

/// Trains and tests the entries one after the other and writes `results.tsv`, a line for each that
/// is done. With `options.resume` what is done is kept and what was begun is gone on with. Throws
/// like run_evaluation.
SweepResult run_sweep(const std::vector<SweepEntry>& entries, const RunOptions& options, Log& log);

/// For people: a line per entry, and mean ± standard deviation of the accuracy, which is undefined
/// for one.
std::string describe(const SweepResult& result);

}  // namespace sanas
