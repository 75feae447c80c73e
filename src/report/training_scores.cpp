// SPDX-License-Identifier: Apache-2.0
#include "report/training_scores.h"

#include <algorithm>

#include "core/format.h"
#include "formats/json_text.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/quantity_text.h"
#include "sanas/train/significance.h"

namespace sanas {
namespace {

TrainingScore score_of(const RunContents& run, bool found) {
  TrainingScore score{run.name, found, last_number(run, "test", "test_top1"),
                      number_in(run.test, "parameters"), "at the end"};
  if (!score.top1) {
    score.top1 = number_in(run.test, "top1");
  }
  if (!score.top1) {
    score.top1 = last_number(run, "train_epoch", "test_top1");
    const auto epoch = last_number(run, "train_epoch", "epoch");
    score.when = score.top1 && epoch ? "after epoch " + count_text(*epoch + 1.0) : "–";
  }
  if (score.top1 && !(*score.top1 >= 0.0 && *score.top1 <= 1.0)) {
    score.top1 = std::nullopt;  // no accuracy, whoever wrote it
  }
  return score;
}

/// "4 trainings of random genotypes: mean 82.10 ± 0.30 %, from 81.80 % to 82.40 %"; empty for none.
std::string group_in_words(const std::vector<double>& accuracies, const std::string& genotype,
                           const std::string& genotypes) {
  if (accuracies.empty()) {
    return "";
  }
  if (accuracies.size() == 1) {
    return "The training of " + genotype + ": " + percent_text(accuracies.front()) + ". ";
  }
  const auto [low, high] = std::minmax_element(accuracies.begin(), accuracies.end());
  const auto summary = summarize(accuracies);
  return std::to_string(accuracies.size()) + " trainings of " + genotypes +
         format(": mean %.2f ± %.2f %%, from ", 100.0 * summary.mean, 100.0 * summary.deviation) +
         percent_text(*low) + " to " + percent_text(*high) + ". ";
}

}  // namespace

std::vector<TrainingScore> scores_of(const Chain& chain) {
  std::vector<TrainingScore> scores;
  for (const auto* run : chain.trainings) {
    scores.push_back(score_of(*run, true));
  }
  for (const auto* run : chain.baseline) {
    scores.push_back(score_of(*run, false));
  }
  return scores;
}

std::vector<double> accuracies_of(const std::vector<TrainingScore>& scores, bool found) {
  std::vector<double> accuracies;
  for (const auto& score : scores) {
    if (score.found == found && score.top1) {
      accuracies.push_back(*score.top1);
    }
  }
  return accuracies;
}

std::string scores_in_words(const std::vector<TrainingScore>& scores) {
  const auto found = accuracies_of(scores, true);
  const auto random = accuracies_of(scores, false);
  std::string text = group_in_words(found, "the found genotype", "the found genotype") +
                     group_in_words(random, "a random genotype", "random genotypes");
  if (!found.empty() && !random.empty()) {
    const double mean = summarize(found).mean;
    const auto worse = std::count_if(random.begin(), random.end(),
                                     [&](double accuracy) { return accuracy < mean; });
    text += format("The found one is better than %td of %zu random ones.", worse, random.size());
  }
  return text.empty() ? "" : "<p>" + text + "</p>\n";
}

std::string scores_table(const std::vector<TrainingScore>& scores) {
  const bool has_parameters = std::any_of(
      scores.begin(), scores.end(), [](const auto& score) { return score.parameters.has_value(); });
  HtmlTable table{
      "The trainings in numbers", {"training", "genotype", "top-1", "tested"}, {}, "numbers"};
  if (has_parameters) {
    table.head.emplace_back("parameters");
  }
  for (const auto& score : scores) {
    auto& row = table.rows.emplace_back(std::vector<std::string>{
        escape_html(score.name), score.found ? mark("found", "strong") : mark("random", ""),
        score.top1 ? percent_text(*score.top1) : "–", score.when});
    if (has_parameters) {
      row.push_back(score.parameters ? count_text(*score.parameters) : "–");
    }
  }
  return to_html(table);
}

}  // namespace sanas
