// SPDX-License-Identifier: Apache-2.0
#include "formats/number_text.h"
#include "sanas/config/config.h"
#include "sanas/core/error.h"

namespace sanas {
namespace {

void require(bool holds, const std::string& message) {
  if (!holds) {
    throw ConfigError(message);
  }
}

void check_rates(const std::string& section, const ScheduleOptions& schedule) {
  require(schedule.min_learning_rate <= schedule.learning_rate,
          section + ".min_learning_rate: " + format_number(schedule.min_learning_rate) +
              " is above " + section + ".learning_rate, " + format_number(schedule.learning_rate) +
              "; expected at most that");
}

/// A batch size and the learning rate that belongs to it.
struct BatchRate {
  int64_t batch_size;
  double rate;
};

BatchRate batch_rate(const SearchOptions& options) {
  return {options.batch_size, options.weights.schedule.learning_rate};
}

BatchRate batch_rate(const EvaluationOptions& options) {
  return {options.batch_size, options.weights.schedule.learning_rate};
}

/// A batch size that was changed without its learning rate.
/// @param batch_key,rate_key what they are called. @param danger what comes of it.
void warn_of_batch_size(std::vector<std::string>& warnings, const BatchRate& before,
                        const BatchRate& now, const std::string& batch_key,
                        const std::string& rate_key, const std::string& danger) {
  if (before.batch_size == now.batch_size || before.rate != now.rate) {
    return;
  }
  const double scaled =
      before.rate * static_cast<double>(now.batch_size) / static_cast<double>(before.batch_size);
  warnings.push_back(batch_key + " was changed from " + std::to_string(before.batch_size) + " to " +
                     std::to_string(now.batch_size) + ", but not " + rate_key + " (" +
                     format_number(now.rate) + "): " + danger + "; in proportion it would be " +
                     format_number(scaled));
}

}  // namespace

void validate_search(const Config& config) {
  require(config.method == Method::kSanas || config.method == Method::kPlain,
          "method: '" + to_string(config.method) +
              "' is not available in this version; expected sanas or plain");
  const SearchSpace space = make_search_space(config.supernet);
  if (config.supernet.family == "pdarts") {
    validate(config.supernet.pdarts);
    require(!config.search.eigenvalue.stop,
            "search.eigenvalue.stop: the rule goes back to the architecture of an earlier epoch, "
            "where the stages of supernet.family: pdarts go on from that of the last one; expected "
            "false (search.eigenvalue.every only measures), or another family");
  }
  if (config.supernet.family == "prdarts") {
    validate(config.supernet.prdarts, space);
  }
  require(config.search.attack.space == AttackSpace::kPixels ||
              (config.search.attack.norm == AttackNorm::kLinf && config.search.attack.steps > 0),
          "attack.space: normalized is for attack.norm: linf with attack.steps of at least 1");
  require(config.saliency.masks.empty() || !config.saliency.images.empty(),
          "search.saliency.masks: are those of search.saliency.images, which is empty; expected a "
          "folder of images there, or no masks");
  validate(search_options(config));
  check_rates("search.weights", config.search.weights.schedule);
  require(config.dataset.train_portion + config.dataset.validation_portion <= 1.0,
          "dataset.validation_portion: together with dataset.train_portion more than all images; "
          "expected a sum of at most 1");
}

void validate_evaluation(const Config& config) {
  require(config.evaluation.test_on != TestImages::kHoldout || config.dataset.holdout > 0.0,
          "evaluation.test_on: holdout needs images that are held out; set dataset.holdout");
  require(config.evaluation.selection != Selection::kValidation ||
              (config.dataset.holdout > 0.0 && config.evaluation.test_on == TestImages::kTest),
          "evaluation.selection: validation needs held-out images that are not the tested ones; "
          "set dataset.holdout, and evaluation.test_on: test");
  require(config.evaluation.accumulation_steps <= config.evaluation.batch_size,
          "evaluation.accumulation_steps: " + std::to_string(config.evaluation.accumulation_steps) +
              " parts of a batch of " + std::to_string(config.evaluation.batch_size) +
              "; expected at most one per image");
  require(
      config.evaluation.auxiliary_weight == 0.0 || config.evaluation.cells > 1,
      "evaluation.cells: one cell can't reduce the image twice, which the auxiliary head needs; "
      "expected at least 2, or evaluation.auxiliary_weight: 0");
  require(config.evaluation.inference == Inference::kPlain ||
              config.search.attack.loss != AttackLoss::kLabel,
          "evaluation.inference: an image to predict has no label for attack.loss: label; "
          "expected soft or pseudo");
  check_rates("evaluation", config.evaluation.weights.schedule);
}

void validate(const Config& config) {
  validate_search(config);
  validate_evaluation(config);
}

std::string grey_level_warning(const std::string& name, double length) {
  if (length < 1.0) {
    return "";
  }
  const std::string number = format_number(length);
  return name + " is " + number +
         ", but pixels are numbers from 0 to 1, so that every one may become anything; was " +
         number + "/255 meant?";
}

std::vector<std::string> config_warnings(const Config& original, const Config& config) {
  std::vector<std::string> warnings;
  const SearchOptions& search = config.search;
  warn_of_batch_size(warnings, batch_rate(original.search), batch_rate(search), "search.batch_size",
                     "search.weights.learning_rate",
                     "such searches tend to collapse into skip connections");
  warn_of_batch_size(warnings, batch_rate(original.evaluation), batch_rate(config.evaluation),
                     "evaluation.batch_size", "evaluation.learning_rate",
                     "accuracies are no longer comparable");
  if (search.weights.schedule.warm_up_epochs >= search.epochs) {
    warnings.push_back("search.weights.warm_up_epochs is " +
                       std::to_string(search.weights.schedule.warm_up_epochs) + " of " +
                       std::to_string(search.epochs) + " epochs: the learning rate only rises");
  }
  if (search.architecture.start_epoch >= search.epochs) {
    warnings.push_back(
        "search.architecture.start_epoch is " + std::to_string(search.architecture.start_epoch) +
        " of " + std::to_string(search.epochs) + " epochs: the architecture will never be updated");
  }
  if (config.method == Method::kSanas && search.attack.loss == AttackLoss::kSoft &&
      !search.attack.random_start) {
    warnings.push_back(
        "attack.random_start is off with attack.loss: soft, whose gradient vanishes where an "
        "attack without it begins: the saliency will be zero");
  }
  if (config.method == Method::kSanas && search.attack.norm == AttackNorm::kL2 &&
      search.reweighting == Reweighting::kMask) {
    warnings.push_back(
        "reweight: mask lets those pixels through whose δ is attack.epsilon, which in the ball of "
        "attack.norm: l2 is the length of all of them together: W2 will see black images; "
        "reweight: abs is what goes with l2");
  }
  if (search.attack.norm == AttackNorm::kLinf) {
    for (const auto& [key, length] : {std::pair("attack.epsilon", search.attack.epsilon),
                                      std::pair("attack.step_size", search.attack.step_size)}) {
      if (const std::string warning = grey_level_warning(key, length); !warning.empty()) {
        warnings.push_back(warning);
      }
    }
  }
  return warnings;
}

}  // namespace sanas
