// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/evaluation_sweep.h"

#include <algorithm>
#include <sstream>

#include "format.h"
#include "partial_run.h"
#include "sanas/core/error.h"
#include "sanas/core/random.h"
#include "sanas/core/text.h"
#include "sanas/genotype/random_genotype.h"
#include "sanas/io/atomic_file.h"
#include "sanas/io/config_number.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLatencyRuns = 30;
constexpr size_t kLargestTable = size_t{16} << 20U;

const std::vector<std::string> kColumns{"name",
                                        "accuracy",
                                        "top5",
                                        "loss",
                                        "calibration_error",
                                        "parameters",
                                        "latency_median_ms",
                                        "latency_percentile95_ms",
                                        "genotype"};

std::string table(const std::vector<SweepScore>& scores) {
  std::string text = join(kColumns, "\t") + "\n";
  for (const auto& score : scores) {
    const auto& test = score.test;
    text += join({score.name, shortest(test.accuracy), shortest(test.top5), shortest(test.loss),
                  shortest(test.calibration_error), std::to_string(test.parameters),
                  test.latency ? format("%.4f", 1e3 * test.latency->median) : "",
                  test.latency ? format("%.4f", 1e3 * test.latency->percentile95) : "",
                  to_string(score.genotype)},
                 "\t") +
            "\n";
  }
  return text;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(line);
  for (std::string part; std::getline(stream, part, separator);) {
    parts.push_back(part);
  }
  return parts;
}

}  // namespace

std::vector<SweepEntry> seed_sweep(const Config& config, const Genotype& genotype,
                                   const std::vector<uint64_t>& seeds) {
  std::vector<SweepEntry> entries;
  for (const uint64_t seed : seeds) {
    SweepEntry entry{"seed-" + std::to_string(seed), config, genotype};
    entry.config.seed = entry.config.evaluation.seed = seed;
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
    const uint64_t seed = derive_seed(config.seed, {static_cast<uint64_t>(i)});
    entries.push_back({"random-" + std::to_string(i), config, random_genotype(space, seed)});
  }
  return entries;
}

SweepResult run_sweep(const std::vector<SweepEntry>& entries, const RunOptions& options, Log& log) {
  const FolderLock lock = begin_parts(options);
  SweepResult result;
  for (const auto& entry : entries) {
    const fs::path folder = options.out / entry.name;
    if (!options.resume || !is_done(folder, entry.config, entry.genotype)) {
      log.info(entry.name + ": training");
      Log run_log(options.quiet);  // each run has its own log.txt
      result.outcome =
          run_evaluation(entry.config, entry.genotype, partial_run(options, folder), run_log);
      if (result.outcome == RunOutcome::kStopped) {
        break;
      }
    }
    result.scores.push_back(
        {entry.name, read_test_score(folder / "test_report.json"), entry.genotype});
    write_file_atomically(options.out / "results.tsv", table(result.scores));
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
    text += "\n";
    accuracies.push_back(score.test.accuracy);
  }
  if (!accuracies.empty()) {
    const auto summary = summarize(accuracies);
    text += format("mean of %lld: %.2f ± %.2f %%\n", static_cast<long long>(summary.count),
                   100.0 * summary.mean, 100.0 * summary.deviation);
  }
  return text;
}

std::vector<double> read_accuracies(const fs::path& path) {
  const fs::path file = fs::is_directory(path) ? path / "results.tsv" : path;
  std::stringstream stream(read_text_file(file, kLargestTable));
  std::vector<double> values;
  size_t column = 0;
  size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    const auto fields = split(line, '\t');
    const auto heading = std::find(fields.begin(), fields.end(), "accuracy");
    if (values.empty() && heading != fields.end()) {
      column = static_cast<size_t>(heading - fields.begin());
      continue;
    }
    const auto value = column < fields.size() ? parse_number(fields[column]) : std::nullopt;
    if (!value) {
      throw FileError(file.string() + ":" + std::to_string(number) +
                      ": expected a number, or columns under a heading 'accuracy'");
    }
    values.push_back(*value);
  }
  if (values.empty()) {
    throw FileError(file.string() + ": no accuracies");
  }
  return values;
}

}  // namespace sanas
