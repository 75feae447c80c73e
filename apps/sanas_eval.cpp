// SPDX-License-Identifier: Apache-2.0
// sanas_eval: trains and tests the discrete network of a genotype.
#include <iostream>

#include "common/integer_list.h"
#include "common/options.h"
#include "common/program.h"
#include "sanas/core/error.h"
#include "sanas/core/log.h"
#include "sanas/core/signals.h"
#include "sanas/io/comparison.h"
#include "sanas/io/dry_run.h"
#include "sanas/io/evaluation_run.h"
#include "sanas/io/evaluation_sweep.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/run_folder.h"

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
  if (config.evaluation.inference == Inference::kTwoNetworks && options.second_checkpoint.empty()) {
    throw ConfigError(
        "evaluation.inference: two_networks needs the second network, --second FILE (of the run "
        "folder's second/checkpoints)");
  }
  const auto genotype = options.genotype.empty()
                            ? std::nullopt
                            : std::optional<Genotype>(find_genotype(options.genotype));
  const auto report = run_test(config, options.checkpoint, options.second_checkpoint, genotype);
  for (const auto& line : describe(report)) {
    std::cout << line << '\n';
  }
  return kExitDone;
}

std::vector<SweepEntry> sweep_entries(const Config& config, const EvalOptions& options) {
  if (options.random_genotypes > 0) {
    return random_sweep(config, options.random_genotypes);
  }
  const Genotype genotype = find_genotype(options.genotype);
  if (!options.cells.empty()) {
    return depth_sweep(config, genotype, parse_integer_list("--cells", options.cells));
  }
  std::vector<uint64_t> seeds;
  for (const int64_t seed : parse_integer_list("--seeds", options.seeds)) {
    seeds.push_back(static_cast<uint64_t>(seed));
  }
  return seed_sweep(config, genotype, seeds);
}

int stopped(const std::filesystem::path& out, Log& log) {
  log.warn("stopped by a signal; everything is saved. The same command with --out " + out.string() +
           " --resume goes on");
  return kExitInterrupted;
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
  const bool sweep =
      !options.seeds.empty() || !options.cells.empty() || options.random_genotypes > 0;
  if (options.genotype.empty() && options.random_genotypes == 0) {
    throw ConfigError(
        "--genotype NAME|FILE is missing; a search writes genotype.txt, presets are listed by "
        "sanas_inspect genotype --help");
  }
  const ScopedSignals signals;
  Log log(common.quiet);
  for (const auto& warning : resolve_warnings(common)) {
    log.warn("warning: " + warning);
  }
  const auto entries = sweep ? sweep_entries(config, options) : std::vector<SweepEntry>{};
  if (common.dry_run) {
    const Genotype genotype = sweep ? entries.front().genotype : find_genotype(options.genotype);
    std::cout << dry_run_evaluation(config, genotype, log);
    return kExitDone;
  }
  const auto out = common.out.empty()
                       ? default_run_folder(config.name + "-eval", std::time(nullptr))
                       : common.out;
  const RunOptions run{
      .out = out, .resume = common.resume, .quiet = common.quiet, .base = named_config(common)};
  if (sweep) {
    const auto result = run_sweep(entries, run, log);
    std::cout << describe(result);
    if (result.outcome == RunOutcome::kStopped) {
      return stopped(out, log);
    }
  } else if (run_evaluation(config, find_genotype(options.genotype), run, log) ==
             RunOutcome::kStopped) {
    return stopped(out, log);
  }
  log.info("Run folder: " + out.string());
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
                   "run folders of --seeds, their results.tsv, or files with a number per line")
      ->required()
      ->expected(2, 100);
  command->add_option("--names", options.names, "names for the table; default: the files' names")
      ->delimiter(',');
  command->add_option("--format", options.format, "text, csv or latex")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, TableFormat>{{"text", TableFormat::kText},
                                             {"csv", TableFormat::kCsv},
                                             {"latex", TableFormat::kLatex}}));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains and tests the network of a genotype", "sanas_eval");
  EvalOptions options;
  add_common_options(app, options.common);
  app.add_option(
      "--genotype", options.genotype,
      "preset name, checkpoint, or text file; of several in one, FILE#N, FILE#last or FILE#NAME");
  app.add_option("--weights", options.weights,
                 "state dict to begin with (.safetensors or .pt) instead of random weights; "
                 "evaluation.initial_weights");
  app.add_flag("--test-only", options.test_only, "test a checkpoint instead of training");
  app.add_option("--checkpoint", options.checkpoint, "checkpoint to test");
  app.add_option("--second", options.second_checkpoint,
                 "checkpoint of the second network, for evaluation.inference: two_networks");
  auto* seeds = app.add_option("--seeds", options.seeds,
                               "train once per seed, e.g. 0-9; prints mean ± standard deviation");
  auto* cells = app.add_option("--cells", options.cells,
                               "train networks of so many cells, e.g. 14,17,20, with latencies");
  auto* random = app.add_option("--random-genotypes", options.random_genotypes,
                                "train so many random genotypes of supernet.space instead");
  random->check(CLI::Range(int64_t{1}, int64_t{100'000}));
  seeds->excludes(cells)->excludes(random);
  cells->excludes(random);
  CompareOptions comparison;
  add_compare(app, comparison);
  return run_program(
      app, argc, argv,
      [&] { return app.got_subcommand("compare") ? compare(comparison) : evaluate(options); },
      [&] { return memory_advice(resolve_config(options.common)); });
}
