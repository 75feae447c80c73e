// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "common/arguments.h"
#include "common/integer_list.h"
#include "common/output_folder.h"
#include "common/program.h"
#include "eval/verbs.h"
#include "sanas/checkpoint/genotype_source.h"
#include "sanas/core/error.h"
#include "sanas/core/log.h"
#include "sanas/core/phase_display.h"
#include "sanas/core/signals.h"
#include "sanas/runs/dry_run.h"
#include "sanas/runs/evaluation_run.h"
#include "sanas/runs/sweep.h"

namespace sanas {
namespace {

/// What is trained. A resume needs nothing but its folder: the genotype that was kept there takes
/// the place of one that is not given or whose file is gone.
Genotype genotype_of(const EvalCommand& command, Log& log) {
  const auto kept =
      command.common.resume ? kept_genotype(command.common.out) : std::filesystem::path();
  if (command.genotype.empty() && kept.empty()) {
    throw ConfigError(
        "--genotype NAME|FILE is missing; a search writes genotype.txt, presets are listed by "
        "sanas_inspect genotype --help");
  }
  try {
    return find_genotype(command.genotype.empty() ? kept.string() : command.genotype);
  } catch (const FileError& error) {
    if (kept.empty() || command.genotype.empty()) {
      throw;
    }
    log.warn(std::string("warning: ") + error.what() + "; going on with " + kept.string());
    return find_genotype(kept.string());
  }
}

bool is_sweep(const EvalCommand& command) {
  return !command.seeds.empty() || !command.depths.empty() || command.random_genotypes > 0;
}

/// The trainings of a sweep, or the single one.
std::vector<SweepEntry> entries_of(const Config& config, const EvalCommand& command, Log& log) {
  if (!command.as_large_as.empty()) {
    PhaseDisplay phases(progress_options(command.common.quiet, log));
    return random_sweep(config, command.random_genotypes, find_genotype(command.as_large_as), log,
                        phases);
  }
  if (command.random_genotypes > 0) {
    return random_sweep(config, command.random_genotypes);
  }
  const Genotype genotype = genotype_of(command, log);
  if (!command.depths.empty()) {
    return depth_sweep(config, genotype, parse_integer_list("--cells", command.depths));
  }
  if (command.seeds.empty()) {
    return {{"", config, genotype}};
  }
  std::vector<uint64_t> seeds;
  for (const int64_t seed : parse_integer_list("--seeds", command.seeds)) {
    seeds.push_back(static_cast<uint64_t>(seed));
  }
  return seed_sweep(config, genotype, seeds);
}

/// The result of a single training, as a test says it.
void print_score(const TestScore& score, Inference inference) {
  std::printf("test (%s, %lld images): loss %.4f, top-1 %.2f %%, top-5 %.2f %%\n",
              to_string(inference).c_str(), static_cast<long long>(score.images), score.loss,
              100.0 * score.accuracy, 100.0 * score.top5);
}

RunOutcome run(const std::vector<SweepEntry>& entries, const EvalCommand& command,
               const RunOptions& run_options, Log& log) {
  if (is_sweep(command)) {
    const auto result = run_sweep(entries, run_options, log);
    std::cout << describe(result);
    return result.outcome;
  }
  const auto& [name, config, genotype] = entries.front();
  const auto outcome = run_evaluation(config, genotype, run_options, log);
  if (outcome == RunOutcome::kFinished) {
    print_score(read_test_score(run_options.out), config.evaluation.inference);
  }
  return outcome;
}

void add_sweeps(CLI::App& app, EvalCommand& command) {
  const auto list = [&app](const std::string& name, std::string& target, const std::string& help) {
    add_value(app, name, target, "LIST", help)->default_str("none")->group("Several trainings");
  };
  list("--seeds", command.seeds, "train once per seed, e.g. 0-9; prints mean ± standard deviation");
  list("--cells,--depths", command.depths,
       "train networks of so many cells, e.g. 14,17,20, with latencies");
  app.add_option("--random-genotypes", command.random_genotypes,
                 "train so many random genotypes of supernet.space instead")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{100'000}))
      ->default_str("none")
      ->group("Several trainings");
  add_path(app, "--as-large-as", command.as_large_as, "NAME|FILE",
           "of random genotypes only those with as many parameters as this one, within a tenth")
      ->needs(app.get_option("--random-genotypes"))
      ->group("Several trainings");
  exclude(app, "--seeds", {"--cells", "--random-genotypes", "--seed"});
  exclude(app, "--cells", {"--random-genotypes", "--weights"});
  exclude(app, "--random-genotypes", {"--genotype", "--weights"});
}

}  // namespace

void add_training(CLI::App& app, EvalCommand& command) {
  add_path(app, "--genotype", command.genotype, "NAME|FILE",
           "preset name, checkpoint, or text file; of several in one, FILE#N, FILE#last or "
           "FILE#NAME; with --resume by default the run's own");
  add_path(app, "--weights", command.weights, "FILE",
           "state dict to begin with (.safetensors or .pt) instead of random weights; "
           "evaluation.initial_weights")
      ->default_str("configured");
  add_config_options(app, command.common);
  add_run_options(app, command.common);
  add_sweeps(app, command);
}

int train(const EvalCommand& command) {
  const auto& common = command.common;
  if (common.list_configs) {
    std::cout << listed_configs();
    return kExitDone;
  }
  Config config = resolve_config(common, validate_evaluation);
  if (!command.weights.empty()) {
    config.evaluation.initial_weights = std::filesystem::absolute(command.weights);
  }
  const ScopedSignals signals;
  Log log(common.quiet);
  const auto entries = entries_of(config, command, log);
  for (const auto& warning : resolve_warnings(common)) {
    log.warn("warning: " + warning);
  }
  if (common.dry_run) {
    std::cout << dry_run_evaluation(entries.front().config, entries.front().genotype, log);
    return kExitDone;
  }
  const OutputFolder out(common.out, config.name + "-eval");
  const RunOptions run_options{.out = out.path(),
                               .resume = common.resume,
                               .quiet = common.quiet,
                               .base = named_config(common)};
  return end_of_run(run(entries, command, run_options, log), out.path(), log);
}

}  // namespace sanas
