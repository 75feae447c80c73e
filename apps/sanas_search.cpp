// SPDX-License-Identifier: Apache-2.0
// sanas_search: searches an architecture as a configuration describes it.
#include <iostream>

#include "common/options.h"
#include "common/program.h"
#include "sanas/core/log.h"
#include "sanas/core/signals.h"
#include "sanas/io/dry_run.h"
#include "sanas/io/gamma_tuning.h"
#include "sanas/io/random_search.h"
#include "sanas/io/run_folder.h"
#include "sanas/io/search_run.h"

namespace {

using namespace sanas;

enum class Strategy { kGradient, kRandom };

struct TuningOptions {
  bool tune_gamma = false;
  std::vector<double> gammas = kGammaGrid;
};

int tune(const Config& config, const CommonOptions& options, const TuningOptions& tuning_options,
         Log& log) {
  const auto out = options.out.empty()
                       ? default_run_folder(config.name + "-gamma", std::time(nullptr))
                       : options.out;
  const auto tuning = tune_gamma(
      config, tuning_options.gammas,
      {.out = out, .resume = options.resume, .quiet = options.quiet, .base = named_config(options)},
      log);
  std::printf("gamma  accuracy\n");
  for (const auto& score : tuning.scores) {
    std::printf("%5g  %.4f\n", score.gamma, score.accuracy);
  }
  if (tuning.outcome == RunOutcome::kStopped) {
    log.warn("stopped by a signal; everything is saved. The same command with --out " +
             out.string() + " --resume goes on");
    return kExitInterrupted;
  }
  std::printf("chosen: %g\n", best_gamma(tuning.scores).gamma);
  log.info("Run folder: " + out.string());
  return kExitDone;
}

int search(const CommonOptions& options, Strategy strategy, const TuningOptions& tuning) {
  const Config config = resolve_config(options, validate_search);
  const ScopedSignals signals;
  Log log(options.quiet);
  for (const auto& warning : resolve_warnings(options)) {
    log.warn("warning: " + warning);
  }
  if (options.dry_run) {
    std::cout << dry_run_search(config, log);
    return kExitDone;
  }
  if (tuning.tune_gamma) {
    return tune(config, options, tuning, log);
  }
  const auto out =
      options.out.empty() ? default_run_folder(config.name, std::time(nullptr)) : options.out;
  const RunOptions run{
      .out = out, .resume = options.resume, .quiet = options.quiet, .base = named_config(options)};
  const auto summary = strategy == Strategy::kRandom ? run_random_search(config, run, log)
                                                     : run_search(config, run, log);
  if (summary.outcome == RunOutcome::kStopped) {
    log.warn("stopped by a signal; everything is saved. Go on with: sanas_search --config " +
             (out / "config.yaml").string() + " --out " + out.string() + " --resume" +
             (strategy == Strategy::kRandom ? " --strategy random" : ""));
    return kExitInterrupted;
  }
  log.info("Run folder: " + out.string());
  std::cout << to_string(summary.genotype) << '\n';
  return kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Searches a neural architecture with saliency-aware NAS", "sanas_search");
  CommonOptions options;
  add_common_options(app, options);
  Strategy strategy = Strategy::kGradient;
  app.add_option("--strategy", strategy,
                 "gradient, or random: the best of random genotypes for the same compute")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Strategy>{
          {"gradient", Strategy::kGradient}, {"random", Strategy::kRandom}}));
  TuningOptions tuning;
  app.add_flag("--tune-gamma", tuning.tune_gamma,
               "search and train once per γ, score on held-out training images, print a table");
  app.add_option("--gammas", tuning.gammas, "values for --tune-gamma; default 0.1,0.5,1,2,3")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  return run_program(
      app, argc, argv, [&] { return search(options, strategy, tuning); },
      [&] { return memory_advice(resolve_config(options)); });
}
