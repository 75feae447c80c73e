// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/gamma_tuning.h"

#include <algorithm>
#include <filesystem>

#include "core/format.h"
#include "formats/number_text.h"
#include "report/run_files.h"
#include "runs/kept_files.h"
#include "runs/run_session.h"
#include "runs/studies/parts.h"
#include "sanas/core/error.h"
#include "sanas/core/phase_display.h"
#include "sanas/files/atomic_file.h"
#include "sanas/runs/evaluation_run.h"
#include "sanas/runs/test_report.h"
#include "sanas/setup/evaluation_data.h"
#include "sanas/setup/networks.h"
#include "sanas/setup/search_setup.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr double kHoldout = 0.1;

/// A number in decimals, as 8/255 is no name of a folder.
std::string folder_of(double gamma) { return "gamma-" + shortest(gamma); }

/// The search and the training of one γ.
Config config_for(const Config& config, double gamma) {
  Config one = config;
  one.search.hypergradient.gamma = gamma;
  one.dataset.holdout = config.dataset.holdout > 0.0 ? config.dataset.holdout : kHoldout;
  one.evaluation.test_on = TestImages::kHoldout;
  return one;
}

/// Refuses before the first search what would be refused after it, or would make the choice of γ
/// mean nothing.
void check_tuning(const Config& config, const std::vector<double>& gammas) {
  const auto require = [](bool holds, const std::string& message) {
    if (!holds) {
      throw ConfigError(message);
    }
  };
  require(!gammas.empty(), "--gammas: no values; expected some");
  require(config.method == Method::kSanas && config.strategy == Strategy::kGradient,
          "--tune-gamma: only a search by gradients with method: sanas has a γ to choose");
  require(config.evaluation.selection == Selection::kLast,
          "evaluation.selection: " + to_string(config.evaluation.selection) +
              " would choose the epoch on the images that γ is chosen on; expected last");
  for (auto gamma = gammas.begin(); gamma != gammas.end(); ++gamma) {
    require(std::find(gammas.begin(), gamma, *gamma) == gamma,
            "--gammas: " + format_number(*gamma) + " is there twice");
    check_writable(config_for(config, *gamma));
  }
  validate(config_for(config, gammas.front()));
}

/// The same for the data: the batches of both parts have to come together.
void check_data(const Config& config, Log& log) {
  PhaseDisplay phases(progress_options(log.quiet(), log));
  const SearchSetup search(config, torch::kCPU, log, phases);
  const EvaluationImages training(config, torch::kCPU, log, phases);
  const EvalNetworkOptions network = network_options_for(config, training.info());
  check_image_size(network.kind, batch_image_size(config.dataset.augment, training.info().height),
                   network.cells, network.odd_size);
}

std::string table(const std::vector<GammaScore>& scores) {
  std::string text = "gamma\taccuracy\tgenotype\n";
  for (const auto& score : scores) {
    text += format_number(score.gamma) + "\t" + shortest(score.accuracy) + "\t" +
            to_string(score.genotype) + "\n";
  }
  return text;
}

Genotype found_in(const fs::path& folder) {
  return load_genotype((folder / run_files::kSearchRun / run_files::kGenotype).string());
}

/// Whether both the search and the training are over and were asked for in the same way.
bool is_scored(const fs::path& folder, const Config& config) {
  const fs::path search = folder / run_files::kSearchRun;
  return was_asked_for(search, config) && fs::exists(search / run_files::kGenotype) &&
         is_done(folder / run_files::kTrainingRun, config, found_in(folder));
}

}  // namespace

GammaTuning tune_gamma(const Config& config, const std::vector<double>& gammas,
                       const RunOptions& options, Log& log) {
  check_tuning(config, gammas);
  if (!options.resume) {
    check_data(config_for(config, gammas.front()), log);
  }
  std::vector<std::string> parts;
  for (const double gamma : gammas) {
    parts.push_back(folder_of(gamma));
  }
  const auto lock = begin_parts(options, parts);
  const Config kept = with_kept_files(config, options);
  keep_search_list(options.out, kept);
  GammaTuning tuning;
  PartsClock clock(gammas.size());
  for (const double gamma : gammas) {
    const Config one = config_for(kept, gamma);
    const fs::path folder = options.out / folder_of(gamma);
    const bool is_left = !options.resume || !is_scored(folder, config_for(config, gamma));
    if (is_left) {
      log.info("γ = " + format_number(gamma) + ": search (" + clock.next() + ")");
      Log search_log(options.quiet);  // each run has its own log.txt
      const auto search =
          run_search(one, partial_run(options, folder / run_files::kSearchRun), search_log);
      tuning.outcome = search.outcome;
      if (search.outcome == RunOutcome::kFinished) {
        log.info("γ = " + format_number(gamma) + ": training");
        Log training_log(options.quiet);
        tuning.outcome =
            run_evaluation(one, search.genotype,
                           partial_run(options, folder / run_files::kTrainingRun), training_log);
      }
      if (tuning.outcome == RunOutcome::kStopped) {
        report_parts(options.out, 2 * gammas.size(), log);
        return tuning;
      }
    }
    clock.finish_part(is_left);
    tuning.scores.push_back(
        {gamma, read_test_score(folder / run_files::kTrainingRun).accuracy, found_in(folder)});
    write_file_atomically(options.out / run_files::kGammaTable, table(tuning.scores));
  }
  write_file_atomically(options.out / run_files::kGamma,
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
