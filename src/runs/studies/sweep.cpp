// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/sweep.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/format.h"
#include "data/dataset_reading.h"
#include "formats/number_text.h"
#include "report/run_files.h"
#include "runs/kept_files.h"
#include "runs/meter_record.h"
#include "runs/run_session.h"
#include "runs/studies/parts.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/core/text.h"
#include "sanas/files/atomic_file.h"
#include "sanas/genotype/random_genotype.h"
#include "sanas/nn/cost.h"
#include "sanas/setup/networks.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLatencyRuns = 30;
// What counts as about equal, and how many genotypes are tried at most for each that is wanted.
constexpr double kSizeTolerance = 0.1;
constexpr uint64_t kDrawsForEach = 200;

const std::vector<std::string> kColumns{"name",
                                        "accuracy",
                                        "top5",
                                        "loss",
                                        "calibration_error",
                                        "images",
                                        "skipped_images",
                                        "parameters",
                                        "latency_median_ms",
                                        "latency_percentile95_ms",
                                        "genotype"};

std::string table(const std::vector<SweepScore>& scores) {
  std::string text = join(kColumns, "\t") + "\n";
  for (const auto& score : scores) {
    const auto& test = score.test;
    text += join({score.name, shortest(test.accuracy), shortest(test.top5), shortest(test.loss),
                  shortest(test.calibration_error), std::to_string(test.images),
                  std::to_string(test.skipped_images), std::to_string(test.parameters),
                  test.latency ? format("%.4f", 1e3 * test.latency->median) : "",
                  test.latency ? format("%.4f", 1e3 * test.latency->percentile95) : "",
                  to_string(score.genotype)},
                 "\t") +
            "\n";
  }
  return text;
}

/// How large networks of the configuration are beside that of one genotype.
class SizeComparison {
 public:
  SizeComparison(const Config& config, const Genotype& like, PhaseObserver& observer)
      : options_(network_options_for(
            config, open_dataset(config.dataset.source, Split::kTrain, observer)->info())),
        parameters_(parameters_of(like)) {}

  double parameters() const { return parameters_; }
  /// The difference of parameters as a share.
  double distance(const Genotype& genotype) const {
    return std::abs(parameters_of(genotype) / parameters_ - 1.0);
  }

 private:
  double parameters_of(const Genotype& genotype) const {
    const ScopedRandomState random;  // to build a network draws its weights
    return static_cast<double>(count_parameters(EvalNetwork(genotype, options_), false));
  }

  EvalNetworkOptions options_;
  double parameters_;
};

SweepEntry random_entry(const Config& config, size_t number, const Genotype& genotype) {
  return {"random-" + std::to_string(number), config, genotype};
}

Genotype draw(const SearchSpace& space, const Config& config, uint64_t number) {
  return random_genotype(space, derive_seed(config.seed, {number}));
}

}  // namespace

std::vector<SweepEntry> seed_sweep(const Config& config, const Genotype& genotype,
                                   const std::vector<uint64_t>& seeds) {
  std::vector<SweepEntry> entries;
  for (const uint64_t seed : seeds) {
    SweepEntry entry{"seed-" + std::to_string(seed), config, genotype};
    entry.config.seed = seed;
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<SweepEntry> depth_sweep(const Config& config, const Genotype& genotype,
                                    const std::vector<int64_t>& cells) {
  std::vector<SweepEntry> entries;
  for (const int64_t count : cells) {
    SweepEntry entry{"cells-" + std::to_string(count), config, genotype};
    entry.config.evaluation.cells = count;
    if (entry.config.evaluation.latency_runs == 0) {
      entry.config.evaluation.latency_runs = kLatencyRuns;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<SweepEntry> random_sweep(const Config& config, int64_t count) {
  const auto space = make_search_space(config.supernet);
  std::vector<SweepEntry> entries;
  for (int64_t i = 0; i < count; ++i) {
    const auto number = static_cast<uint64_t>(i);
    entries.push_back(random_entry(config, entries.size(), draw(space, config, number)));
  }
  return entries;
}

std::vector<SweepEntry> random_sweep(const Config& config, int64_t count, const Genotype& like,
                                     Log& log, PhaseObserver& observer) {
  const auto space = make_search_space(config.supernet);
  const SizeComparison size(config, like, observer);
  const auto wanted = static_cast<size_t>(count);
  const uint64_t most = kDrawsForEach * wanted;
  std::vector<std::pair<double, Genotype>> near;  // by their draws
  std::vector<std::pair<double, Genotype>> others;
  Phase phase(observer, "random genotypes of about equal size", static_cast<int64_t>(most));
  for (uint64_t number = 0; near.size() < wanted && number < most; ++number) {
    const Genotype genotype = draw(space, config, number);
    const double distance = size.distance(genotype);
    (distance <= kSizeTolerance ? near : others).emplace_back(distance, genotype);
    phase.advance();
  }
  if (near.size() < wanted) {
    std::stable_sort(others.begin(), others.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    others.resize(std::min(others.size(), wanted - near.size()));
    near.insert(near.end(), others.begin(), others.end());
    log.warn(
        format("warning: --as-large-as: few random genotypes of supernet.space have networks "
               "of %.0f parameters; those that are trained are up to %.0f %% off",
               size.parameters(), 100.0 * near.back().first));
  }
  std::vector<SweepEntry> entries;
  for (const auto& [distance, genotype] : near) {
    entries.push_back(random_entry(config, entries.size(), genotype));
  }
  return entries;
}

SweepResult run_sweep(const std::vector<SweepEntry>& entries, const RunOptions& options, Log& log) {
  std::vector<std::string> parts;
  for (const auto& entry : entries) {
    parts.push_back(entry.name);
    with_kept_files(entry.config, options);  // complains now rather than later
    validate_evaluation(entry.config);
  }
  const auto lock = begin_parts(options, parts);
  SweepResult result;
  PartsClock clock(entries.size());
  for (const auto& entry : entries) {
    const fs::path folder = options.out / entry.name;
    const bool is_left = !options.resume || !is_done(folder, entry.config, entry.genotype);
    if (is_left) {
      log.info(entry.name + ": training (" + clock.next() + ")");
      Log run_log(options.quiet);  // each run has its own log.txt
      const Config config = with_kept_files(entry.config, options);
      keep_search_list(options.out, config);
      result.outcome =
          run_evaluation(config, entry.genotype, partial_run(options, folder), run_log);
      if (result.outcome == RunOutcome::kStopped) {
        break;
      }
    }
    clock.finish_part(is_left);
    result.scores.push_back({entry.name, read_test_score(folder), entry.genotype});
    write_file_atomically(options.out / run_files::kResults, table(result.scores));
  }
  report_parts(options.out, entries.size(), log);
  return result;
}

std::string describe(const SweepResult& result) {
  size_t width = 4;
  for (const auto& score : result.scores) {
    width = std::max(width, score.name.size());
  }
  std::string text;
  std::vector<double> accuracies;
  for (const auto& score : result.scores) {
    text += format("%-*s  top-1 %6.2f %%  %.2f M parameters", static_cast<int>(width),
                   score.name.c_str(), 100.0 * score.test.accuracy,
                   static_cast<double>(score.test.parameters) / 1e6);
    if (score.test.latency) {
      text += format("  %.2f ms per image", 1e3 * score.test.latency->median);
    }
    text += skipped_text(score.test.images, score.test.skipped_images) + "\n";
    accuracies.push_back(score.test.accuracy);
  }
  if (!accuracies.empty()) {
    const auto summary = summarize(accuracies);
    text +=
        format("mean of %lld: %.2f ± %s %%\n", static_cast<long long>(summary.count),
               100.0 * summary.mean, decimals_or_undefined(100.0 * summary.deviation, 2).c_str());
  }
  return text;
}

}  // namespace sanas
