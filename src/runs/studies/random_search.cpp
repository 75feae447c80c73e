// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/random_search.h"

#include <algorithm>
#include <utility>

#include "core/format.h"
#include "data/dataset_reading.h"
#include "report/run_files.h"
#include "runs/finally.h"
#include "runs/genotype_files.h"
#include "runs/kept_files.h"
#include "runs/live_report.h"
#include "runs/run_session.h"
#include "sanas/core/device.h"
#include "sanas/core/phase_display.h"
#include "sanas/core/random.h"
#include "sanas/genotype/random_genotype.h"
#include "sanas/nn/network_size.h"
#include "sanas/setup/networks.h"
#include "search/search_cost.h"

namespace sanas {
namespace {

constexpr int64_t kPercent = 100;

/// The short training of a candidate: the search's settings in place of the evaluation's.
Config candidate_config(const Config& config) {
  Config candidate = config;
  candidate.strategy = Strategy::kGradient;  // says nothing about a training
  EvaluationOptions& evaluation = candidate.evaluation;
  evaluation = {};
  evaluation.channels = config.supernet.options.channels;
  evaluation.cells = config.supernet.options.cells;
  evaluation.epochs = config.random_search.epochs;
  evaluation.batch_size = config.search.batch_size;
  evaluation.max_steps = config.search.max_steps;
  evaluation.report_every = config.search.report_every;
  evaluation.weights = config.search.weights;
  // In proportion: the whole training of a candidate may be shorter than the search's warm-up.
  int64_t& warm_up = evaluation.weights.schedule.warm_up_epochs;
  warm_up = warm_up * evaluation.epochs / config.search.epochs;
  evaluation.auxiliary_weight = 0.0;
  evaluation.drop_path = 0.0;
  evaluation.cutout = config.dataset.augment.cutout;
  evaluation.test_on = TestImages::kValidation;
  return candidate;
}

}  // namespace

double search_budget(const Config& config, const DatasetInfo& info) {
  const auto networks =
      make_search_networks(config, info, first_stage(config.supernet), torch::kCPU);
  const int64_t size = batch_image_size(config.dataset.augment, info.height);
  auto& net = *networks.net1;
  const auto macs = count_macs([&] { net.forward(torch::zeros({1, 3, size, size})); });
  return static_cast<double>(stage_count(config.supernet) * config.search.epochs) *
         passes_per_batch(search_options(config)) * static_cast<double>(macs);
}

std::vector<SweepEntry> random_candidates(const Config& config, const DatasetInfo& info,
                                          PhaseObserver& observer) {
  const Config candidate = candidate_config(config);
  const auto space = make_search_space(config.supernet);
  const auto network = network_options_for(candidate, info);
  const int64_t size = batch_image_size(config.dataset.augment, info.height);
  const int64_t limit = config.random_search.candidates;
  const double whole = limit > 0 ? 0.0 : search_budget(config, info);
  double budget = whole;
  std::vector<SweepEntry> entries;
  Phase phase(observer, "random genotypes", limit > 0 ? limit : kPercent);
  int64_t shown = 0;
  while (limit > 0 ? static_cast<int64_t>(entries.size()) < limit : budget > 0.0) {
    const auto number = entries.size();
    const auto genotype = random_genotype(space, derive_seed(config.seed, {number}));
    budget -= static_cast<double>(config.random_search.epochs) *
              static_cast<double>(measure_network(genotype, network, size).macs);
    entries.push_back({"candidate-" + std::to_string(number), candidate, genotype});
    const auto spent = static_cast<int64_t>(kPercent * std::min(1.0, 1.0 - budget / whole));
    const int64_t done = limit > 0 ? static_cast<int64_t>(entries.size()) : spent;
    phase.advance(done - std::exchange(shown, done));
  }
  return entries;
}

namespace {

/// Trains and tests the candidates in the run's folder, and keeps the best one.
SearchSummary try_candidates(const std::vector<SweepEntry>& candidates, const RunFolder& folder,
                             const RunOptions& options, Log& log) {
  RunOptions sweep_options = options;
  sweep_options.out = folder.path(run_files::kCandidates);
  sweep_options.resume = options.resume && std::filesystem::exists(sweep_options.out);
  const auto sweep = run_sweep(candidates, sweep_options, log);
  if (sweep.outcome == RunOutcome::kStopped) {
    return {.outcome = RunOutcome::kStopped};
  }
  const auto& best = *std::max_element(
      sweep.scores.begin(), sweep.scores.end(),
      [](const SweepScore& a, const SweepScore& b) { return a.test.accuracy < b.test.accuracy; });
  log.info(format("best: %s with %.2f %% on the validation images", best.name.c_str(),
                  100.0 * best.test.accuracy));
  save_genotype(folder, best.genotype);
  return {.genotype = best.genotype};
}

SearchSummary search_among_candidates(const Config& given, const RunOptions& options, Log& log) {
  const Config config = with_kept_files(given, options);
  PhaseDisplay phases(progress_options(options.quiet, log));
  const auto info = open_dataset(config.dataset.source, Split::kTrain, phases)->info();
  const auto candidates = random_candidates(config, info, phases);
  const RunFolder folder = open_run_folder(SessionKind::kSearch, config, options, log);
  record_start(folder, SessionKind::kSearch, resolve_device(config.device), 0);
  log.info(format("random search among %lld genotypes, %lld epochs each",
                  static_cast<long long>(candidates.size()),
                  static_cast<long long>(config.random_search.epochs)));
  LiveReport report(folder.path(), log);
  SearchSummary summary = do_finally(
      [&] { return try_candidates(candidates, folder, options, log); }, [&] { report.refresh(); });
  if (summary.outcome == RunOutcome::kFinished) {
    summary.network = network_size_for(config, summary.genotype, info);
  }
  return summary;
}

}  // namespace

SearchSummary run_random_search(const Config& config, const RunOptions& options, Log& log) {
  try {
    return search_among_candidates(config, options, log);
  } catch (const Interrupted&) {
    return {.outcome = RunOutcome::kStopped};  // before the first candidate: nothing is begun
  }
}

}  // namespace sanas
