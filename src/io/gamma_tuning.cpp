// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/gamma_tuning.h"

#include <algorithm>
#include <filesystem>

#include "format.h"
#include "partial_run.h"
#include "sanas/core/error.h"
#include "sanas/core/text.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/config_number.h"
#include "sanas/io/evaluation_run.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr double kHoldout = 0.1;

double read_accuracy(const fs::path& file) {
  const std::string text = read_text_file(file, 64);
  const auto value = parse_number(text.substr(0, text.find('\n')));
  if (!value) {
    throw FileError(file.string() + ": expected an accuracy");
  }
  return *value;
}

std::string table(const std::vector<GammaScore>& scores) {
  std::string text = "gamma\taccuracy\tgenotype\n";
  for (const auto& score : scores) {
    text += format_number(score.gamma) + "\t" + format("%.4f", score.accuracy) + "\t" +
            to_string(score.genotype) + "\n";
  }
  return text;
}

/// Whether both the search and the training are over and were asked for in the same way.
bool is_scored(const fs::path& folder, const Config& config) {
  const fs::path search = folder / "search";
  return fs::exists(folder / "eval" / "weights.safetensors") &&
         read_text_file(search / "config.yaml") == to_yaml(config) &&
         is_done(folder / "eval", config, load_genotype((search / "genotype.txt").string()));
}

}  // namespace

GammaTuning tune_gamma(const Config& config, const std::vector<double>& gammas,
                       const RunOptions& options, Log& log) {
  const FolderLock lock = begin_parts(options);
  GammaTuning tuning;
  for (const double gamma : gammas) {
    Config one = config;
    one.search.hypergradient.gamma = gamma;
    one.dataset.holdout = config.dataset.holdout > 0.0 ? config.dataset.holdout : kHoldout;
    one.evaluation.test_on = TestImages::kHoldout;
    const fs::path folder = options.out / ("gamma-" + format_number(gamma));
    const fs::path result = folder / "eval" / "test_accuracy.txt";
    if (!options.resume || !is_scored(folder, one)) {
      log.info("γ = " + format_number(gamma) + ": search");
      Log search_log(options.quiet);  // each run has its own log.txt
      const auto search = run_search(one, partial_run(options, folder / "search"), search_log);
      tuning.outcome = search.outcome;
      if (search.outcome == RunOutcome::kFinished) {
        log.info("γ = " + format_number(gamma) + ": training");
        Log training_log(options.quiet);
        tuning.outcome = run_evaluation(one, search.genotype, partial_run(options, folder / "eval"),
                                        training_log);
      }
      if (tuning.outcome == RunOutcome::kStopped) {
        report_parts(options.out, 2 * gammas.size(), log);
        return tuning;
      }
    }
    tuning.scores.push_back(
        {gamma, read_accuracy(result), load_genotype((folder / "search/genotype.txt").string())});
    write_file_atomically(options.out / "gamma.tsv", table(tuning.scores));
  }
  write_file_atomically(options.out / "gamma.txt",
                        format_number(best_gamma(tuning.scores).gamma) + "\n");
  report_parts(options.out, 2 * gammas.size(), log);
  return tuning;
}

const GammaScore& best_gamma(const std::vector<GammaScore>& scores) {
  return *std::max_element(
      scores.begin(), scores.end(),
      [](const GammaScore& a, const GammaScore& b) { return a.accuracy < b.accuracy; });
}

}  // namespace sanas
