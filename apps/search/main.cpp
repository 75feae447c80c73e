// SPDX-License-Identifier: Apache-2.0
// sanas_search: searches an architecture as a configuration describes it.
#include <iostream>
#include <limits>

#include "common/arguments.h"
#include "common/config_options.h"
#include "common/help.h"
#include "common/output_folder.h"
#include "common/program.h"
#include "sanas/core/error.h"
#include "sanas/core/log.h"
#include "sanas/core/signals.h"
#include "sanas/runs/dry_run.h"
#include "sanas/runs/gamma_tuning.h"
#include "sanas/runs/random_search.h"
#include "sanas/runs/search_run.h"
#include "search/summary.h"

namespace {

using namespace sanas;

struct SearchCommand {
  CommonOptions common;
  bool tune_gamma = false;
  std::vector<double> gammas = kGammaGrid;
};

int tune(const Config& config, const SearchCommand& command, const RunOptions& run, Log& log) {
  const auto tuning = tune_gamma(config, command.gammas, run, log);
  std::printf("gamma  accuracy\n");
  for (const auto& score : tuning.scores) {
    std::printf("%5g  %.4f\n", score.gamma, score.accuracy);
  }
  if (tuning.outcome == RunOutcome::kFinished) {
    std::printf("chosen: %g\n", best_gamma(tuning.scores).gamma);
  }
  return end_of_run(tuning.outcome, run.out, log);
}

/// What is found goes to standard output, and what there is to say of it where the log goes.
int end_of_search(const SearchSummary& summary, const Config& config,
                  const std::filesystem::path& folder, const std::string& program, Log& log) {
  if (summary.outcome != RunOutcome::kFinished) {
    return end_of_run(summary.outcome, folder, log);
  }
  for (const auto& line : summary_lines(summary, config, folder, program)) {
    log.info(line);
  }
  std::cout << to_string(summary.genotype) << '\n';
  return kExitDone;
}

/// @param program as it was called.
int search(const SearchCommand& command, const std::string& program) {
  const CommonOptions& options = command.common;
  if (options.list_configs) {
    std::cout << listed_configs();
    return kExitDone;
  }
  const Config config = resolve_config(options, validate_search);
  const bool is_random = config.strategy == Strategy::kRandom;
  if (options.dry_run && is_random) {
    throw ConfigError("--dry-run tries a search by gradients, but search.strategy is random");
  }
  const ScopedSignals signals;
  Log log(options.quiet);
  for (const auto& warning : resolve_warnings(options)) {
    log.warn("warning: " + warning);
  }
  if (options.dry_run) {
    std::cout << dry_run_search(config, log);
    return kExitDone;
  }
  const OutputFolder out(options.out, config.name + (command.tune_gamma ? "-gamma" : ""));
  const RunOptions run{.out = out.path(),
                       .resume = options.resume,
                       .quiet = options.quiet,
                       .base = named_config(options)};
  if (command.tune_gamma) {
    return tune(config, command, run, log);
  }
  const auto summary =
      is_random ? run_random_search(config, run, log) : run_search(config, run, log);
  return end_of_search(summary, config, out.path(), program, log);
}

void add_search(CLI::App& app, SearchCommand& command) {
  add_config_options(app, command.common);
  add_run_options(app, command.common);
  add_choice(app, "--strategy", command.common.strategy,
             {{"gradient", "gradient"}, {"random", "random"}},
             "gradient, or random: the best of random genotypes for the same compute "
             "(search.strategy)")
      ->default_str("configured")
      ->group("Search");
  app.add_flag("--tune-gamma", command.tune_gamma,
               "search and train once per γ, score on held-out training images, print a table")
      ->group("Search");
  app.add_option("--gammas", command.gammas, "values for --tune-gamma")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(number_between(0.0, std::numeric_limits<double>::max()))
      ->needs(app.get_option("--tune-gamma"))
      ->default_str("0.1,0.5,1,2,3")
      ->group("Search");
  exclude(app, "--tune-gamma", {"--dry-run"});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Searches a neural architecture with saliency-aware NAS", "sanas_search");
  add_help(app);
  SearchCommand command;
  add_search(app, command);
  add_examples(app, {"--config cifar100_darts2nd --data ~/data --out runs/first",
                     "--resume --out runs/first"});
  const std::string program = argc > 0 ? argv[0] : app.get_name();
  return run_program(
      app, argc, argv, [&] { return search(command, program); },
      [&] { return memory_advice(unchecked_config(command.common)); });
}
