// SPDX-License-Identifier: Apache-2.0
// sanas_eval: trains and tests the discrete network of a genotype.
#include <iostream>

#include "common/integer_list.h"
#include "common/options.h"
#include "common/output_folder.h"
#include "common/program.h"
#include "sanas/core/error.h"
#include "sanas/core/log.h"
#include "sanas/core/signals.h"
#include "sanas/io/accuracy_file.h"
#include "sanas/io/comparison.h"
#include "sanas/io/dry_run.h"
#include "sanas/io/evaluation_run.h"
#include "sanas/io/evaluation_sweep.h"
#include "sanas/io/genotype_files.h"

namespace {

using namespace sanas;

struct EvalOptions {
  CommonOptions common;
  std::string genotype;
  std::filesystem::path checkpoint;
  std::filesystem::path second_checkpoint;
  std::filesystem::path weights;
  bool test_only = false;
  std::string seeds;
  std::string cells;
  int64_t random_genotypes = 0;
};

struct CompareOptions {
  std::vector<std::string> runs;
  std::vector<std::string> names;
  TableFormat format = TableFormat::kText;
};

int test(const Config& config, const EvalOptions& options) {
  if (options.checkpoint.empty()) {
    throw ConfigError("--test-only needs --checkpoint FILE");
  }
  const bool needs_second = config.evaluation.inference == Inference::kTwoNetworks;
  if (needs_second && options.second_checkpoint.empty()) {
    throw ConfigError(
        "evaluation.inference: two_networks needs the second network, --second FILE (of the run "
        "folder's second/checkpoints)");
  }
  if (!needs_second && !options.second_checkpoint.empty()) {
    throw ConfigError("--second is for evaluation.inference: two_networks, which is " +
                      to_string(config.evaluation.inference));
  }
  const auto genotype = options.genotype.empty()
                            ? std::nullopt
                            : std::optional<Genotype>(find_genotype(options.genotype));
  const ScopedSignals signals;
  Log log(options.common.quiet);
  const auto report =
      run_test(config, options.checkpoint, options.second_checkpoint, genotype, log);
  for (const auto& line : describe(report)) {
    std::cout << line << '\n';
  }
  return kExitDone;
}

/// What is trained. A resume needs nothing but its folder: the genotype that was kept there takes
/// the place of one that is not given or whose file is gone.
Genotype genotype_of(const EvalOptions& options, Log& log) {
  const auto kept = options.common.resume ? kept_file(options.common.out, "genotype.txt")
                                          : std::filesystem::path();
  if (options.genotype.empty() && kept.empty()) {
    throw ConfigError(
        "--genotype NAME|FILE is missing; a search writes genotype.txt, presets are listed by "
        "sanas_inspect genotype --help");
  }
  try {
    return find_genotype(options.genotype.empty() ? kept.string() : options.genotype);
  } catch (const FileError& error) {
    if (kept.empty() || options.genotype.empty()) {
      throw;
    }
    log.warn(std::string("warning: ") + error.what() + "; going on with " + kept.string());
    return find_genotype(kept.string());
  }
}

bool is_sweep(const EvalOptions& options) {
  return !options.seeds.empty() || !options.cells.empty() || options.random_genotypes > 0;
}

/// The trainings of a sweep, or the single one.
std::vector<SweepEntry> entries_of(const Config& config, const EvalOptions& options, Log& log) {
  if (options.random_genotypes > 0) {
    return random_sweep(config, options.random_genotypes);
  }
  const Genotype genotype = genotype_of(options, log);
  if (!options.cells.empty()) {
    return depth_sweep(config, genotype, parse_integer_list("--cells", options.cells));
  }
  if (options.seeds.empty()) {
    return {{"", config, genotype}};
  }
  std::vector<uint64_t> seeds;
  for (const int64_t seed : parse_integer_list("--seeds", options.seeds)) {
    seeds.push_back(static_cast<uint64_t>(seed));
  }
  return seed_sweep(config, genotype, seeds);
}

RunOutcome run(const std::vector<SweepEntry>& entries, const EvalOptions& options,
               const RunOptions& run_options, Log& log) {
  if (!is_sweep(options)) {
    return run_evaluation(entries.front().config, entries.front().genotype, run_options, log);
  }
  const auto result = run_sweep(entries, run_options, log);
  std::cout << describe(result);
  return result.outcome;
}

int evaluate(const EvalOptions& options) {
  const auto& common = options.common;
  Config config = resolve_config(common, validate_evaluation);
  if (!options.weights.empty()) {
    config.evaluation.initial_weights = std::filesystem::absolute(options.weights);
  }
  if (options.test_only) {
    return test(config, options);
  }
  const ScopedSignals signals;
  Log log(common.quiet);
  const auto entries = entries_of(config, options, log);
  for (const auto& warning : resolve_warnings(common)) {
    log.warn("warning: " + warning);
  }
  if (common.dry_run) {
    std::cout << dry_run_evaluation(entries.front().config, entries.front().genotype, log);
    return kExitDone;
  }
  const OutputFolder out(common.out, config.name + "-eval");
  const RunOutcome outcome = run(entries, options,
                                 {.out = out.path(),
                                  .resume = common.resume,
                                  .quiet = common.quiet,
                                  .base = named_config(common)},
                                 log);
  if (outcome == RunOutcome::kStopped) {
    log.warn(stopped_text(out.path()));
    return kExitInterrupted;
  }
  log.info("Run folder: " + out.path().string());
  return kExitDone;
}

std::string name_of(const std::string& path) {
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  return normal.has_filename() ? normal.stem().string() : normal.parent_path().filename().string();
}

int compare(const CompareOptions& options) {
  if (!options.names.empty() && options.names.size() != options.runs.size()) {
    throw ConfigError("--names: " + std::to_string(options.names.size()) + " names for " +
                      std::to_string(options.runs.size()) + " methods");
  }
  std::vector<MethodScores> methods;
  for (size_t i = 0; i < options.runs.size(); ++i) {
    methods.push_back({options.names.empty() ? name_of(options.runs[i]) : options.names[i],
                       read_accuracies(options.runs[i])});
  }
  std::vector<MethodComparison> comparisons;
  for (size_t i = 1; i < methods.size(); ++i) {
    comparisons.push_back(compare_methods(methods.front(), methods[i]));
  }
  std::cout << comparison_table(comparisons, options.format);
  return kExitDone;
}

void add_compare(CLI::App& app, CompareOptions& options) {
  auto* command = app.add_subcommand(
      "compare", "is the first method's accuracy other than that of each other?");
  command
      ->add_option("methods", options.runs,
                   "run folders of --seeds, their results.tsv, or files with an accuracy per line")
      ->required()
      ->expected(2, 100);
  command->add_option("--names", options.names, "names for the table; default: the files' names")
      ->delimiter(',');
  add_choice(
      *command, "--format", options.format,
      {{"text", TableFormat::kText}, {"csv", TableFormat::kCsv}, {"latex", TableFormat::kLatex}},
      "text, csv or latex");
}

void add_evaluation(CLI::App& app, EvalOptions& options) {
  add_common_options(app, options.common);
  add_path(app, "--genotype", options.genotype, "NAME|FILE",
           "preset name, checkpoint, or text file; of several in one, FILE#N, FILE#last or "
           "FILE#NAME; with --resume by default the run's own");
  add_path(app, "--weights", options.weights, "FILE",
           "state dict to begin with (.safetensors or .pt) instead of random weights; "
           "evaluation.initial_weights");
  app.add_flag("--test-only", options.test_only, "test a checkpoint instead of training");
  add_path(app, "--checkpoint", options.checkpoint, "FILE", "checkpoint to test")
      ->needs("--test-only");
  add_path(app, "--second", options.second_checkpoint, "FILE",
           "checkpoint of the second network, for evaluation.inference: two_networks")
      ->needs("--test-only");
  const auto list = [&app](const std::string& name, std::string& target, const std::string& help) {
    app.add_option(name, target, help)->type_name("LIST");
  };
  list("--seeds", options.seeds, "train once per seed, e.g. 0-9; prints mean ± standard deviation");
  list("--cells", options.cells, "train networks of so many cells, e.g. 14,17,20, with latencies");
  app.add_option("--random-genotypes", options.random_genotypes,
                 "train so many random genotypes of supernet.space instead")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{100'000}));
  exclude(app, "--seeds", {"--cells", "--random-genotypes", "--seed"});
  exclude(app, "--cells", {"--random-genotypes", "--weights"});
  exclude(app, "--random-genotypes", {"--genotype", "--weights"});
  exclude(
      app, "--test-only",
      {"--seeds", "--cells", "--random-genotypes", "--weights", "--out", "--resume", "--dry-run"});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains and tests the network of a genotype", "sanas_eval");
  EvalOptions options;
  add_evaluation(app, options);
  CompareOptions comparison;
  add_compare(app, comparison);
  return run_program(
      app, argc, argv,
      [&] {
        if (!app.got_subcommand("compare")) {
          return evaluate(options);
        }
        check_verb_alone(app);
        return compare(comparison);
      },
      [&] { return memory_advice(unchecked_config(options.common)); });
}
