// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/random_search.h"

#include <algorithm>

#include "format.h"
#include "sanas/core/random.h"
#include "sanas/genotype/random_genotype.h"
#include "sanas/io/genotype_files.h"
#include "sanas/io/live_report.h"
#include "sanas/io/network_checkpoint.h"
#include "sanas/io/search_setup.h"
#include "sanas/nn/network_size.h"

namespace sanas {
namespace {

/// Forward-backward passes of one product "second derivative times vector".
int64_t product_passes(SecondOrderApproximation approximation) {
  switch (approximation) {
    case SecondOrderApproximation::kFiniteDifference:
      return 2;
    case SecondOrderApproximation::kCentral4:
      return 4;
    case SecondOrderApproximation::kExact:
      return 3;  // forward, backward, and the backward of both
  }
  TORCH_CHECK(false, "no such approximation");
}

/// Of one architecture step with one inner step per level (method §3.2).
int64_t architecture_passes(const SearchOptions& search, int64_t attack_passes) {
  const bool sanas = search.method == SearchMethod::kSanas;
  if (search.hypergradient.order == HypergradientOrder::kFirst) {
    return sanas ? 2 : 1;
  }
  const int64_t product = product_passes(search.hypergradient.approximation);
  return sanas ? 1 + attack_passes + 1 + 2 + 3 * product : 2 + product;
}

/// Per mini-batch, averaged over the search.
double passes_per_batch(const SearchOptions& search) {
  const auto attack_passes = std::max<int64_t>(1, search.attack.steps);
  const auto every = [](int64_t passes, int64_t interval) {
    return static_cast<double>(passes) / static_cast<double>(interval);
  };
  double passes = every(1, search.update_every.weights1);
  if (search.method == SearchMethod::kSanas) {
    passes += every(attack_passes + 1, search.update_every.weights2);
  }
  const auto epochs = static_cast<double>(search.epochs);
  const double share =
      std::max(0.0, epochs - static_cast<double>(search.architecture.start_epoch)) / epochs;
  return passes +
         share * every(search.architecture.steps * architecture_passes(search, attack_passes),
                       search.update_every.architecture);
}

/// The short training of a candidate: the search's settings in place of the evaluation's.
Config candidate_config(const Config& config) {
  Config candidate = config;
  EvaluationOptions& evaluation = candidate.evaluation;
  evaluation = {};
  evaluation.seed = config.evaluation.seed;
  evaluation.channels = config.supernet.options.channels;
  evaluation.cells = config.supernet.options.cells;
  evaluation.epochs = config.random_search.epochs;
  evaluation.batch_size = config.search.batch_size;
  evaluation.max_steps = config.search.max_steps;
  evaluation.report_every = config.search.report_every;
  evaluation.learning_rate = config.search.weights.learning_rate;
  evaluation.min_learning_rate = config.search.weights.min_learning_rate;
  evaluation.momentum = config.search.weights.momentum;
  evaluation.weight_decay = config.search.weights.weight_decay;
  evaluation.nesterov = config.search.weights.nesterov;
  evaluation.gradient_clip = config.search.weights.gradient_clip;
  evaluation.auxiliary_weight = 0.0;
  evaluation.drop_path = 0.0;
  evaluation.cutout = config.dataset.augment.cutout;
  evaluation.test_on = TestImages::kValidation;
  evaluation.on_nonfinite = config.search.on_nonfinite;
  return candidate;
}

}  // namespace

double search_budget(const Config& config, const DatasetInfo& info) {
  const auto networks = make_search_networks(config, info, first_stage(config), torch::kCPU);
  const int64_t size = batch_image_size(config.dataset.augment, info.height);
  auto& net = *networks.net1;
  const auto macs = count_macs([&] { net.forward(torch::zeros({1, 3, size, size})); });
  return static_cast<double>(stage_count(config) * config.search.epochs) *
         passes_per_batch(config.search) * static_cast<double>(macs);
}

std::vector<SweepEntry> random_candidates(const Config& config, const DatasetInfo& info) {
  const Config candidate = candidate_config(config);
  const auto space = make_search_space(config.supernet);
  const auto network = network_options_for(candidate, info);
  const int64_t size = batch_image_size(config.dataset.augment, info.height);
  const int64_t limit = config.random_search.candidates;
  double budget = limit > 0 ? 0.0 : search_budget(config, info);
  std::vector<SweepEntry> entries;
  while (limit > 0 ? static_cast<int64_t>(entries.size()) < limit : budget > 0.0) {
    const auto number = entries.size();
    const auto genotype = random_genotype(space, derive_seed(config.seed, {number}));
    budget -= static_cast<double>(config.random_search.epochs) *
              static_cast<double>(measure_network(genotype, network, size).macs);
    entries.push_back({"candidate-" + std::to_string(number), candidate, genotype});
  }
  return entries;
}

SearchSummary run_random_search(const Config& config, const RunOptions& options, Log& log) {
  const auto info = open_dataset(config.dataset.source, Split::kTrain)->info();
  const auto candidates = random_candidates(config, info);
  RunFolder folder(options.out, options.resume ? RunFolderMode::kResume : RunFolderMode::kCreate);
  begin_run_folder(folder, config, options, log);
  const LiveReport report(folder.path(), log);  // written when it goes
  log.info(format("random search among %lld genotypes, %lld epochs each",
                  static_cast<long long>(candidates.size()),
                  static_cast<long long>(config.random_search.epochs)));
  RunOptions sweep_options = options;
  sweep_options.out = folder.path("candidates");
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

}  // namespace sanas
