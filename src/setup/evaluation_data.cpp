// SPDX-License-Identifier: Apache-2.0
#include "sanas/setup/evaluation_data.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "data/dataset_reading.h"
#include "data/image_report.h"
#include "data/subset.h"
#include "sanas/core/error.h"
#include "sanas/data/training_split.h"
#include "sanas/setup/networks.h"

namespace sanas {
namespace {

std::vector<int64_t> all_of(const Dataset& dataset) {
  std::vector<int64_t> indices(static_cast<size_t>(dataset.size()));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return indices;
}

/// @param holdout in rising order.
std::vector<int64_t> all_but(const Dataset& dataset, const std::vector<int64_t>& holdout) {
  std::vector<int64_t> indices = all_of(dataset);
  std::erase_if(indices, [&](int64_t index) {
    return std::binary_search(holdout.begin(), holdout.end(), index);
  });
  return indices;
}

/// The whole test set: `subset` is for training images.
std::unique_ptr<Dataset> open_test_set(const Config& config, PhaseObserver& observer) {
  DatasetOptions options = config.dataset.source;
  options.subset = 0;
  return open_dataset(options, Split::kTest, observer);
}

/// One image has no batch statistics on the 1×1 features of an auxiliary head.
void check_last_batch(const Config& config, const DatasetInfo& info, int64_t images) {
  const EvaluationOptions& options = config.evaluation;
  const EvalNetworkOptions network = network_options_for(config, info);
  const bool has_statistics =
      network.auxiliary && (network.kind == NetworkKind::kCifar ||
                            network.auxiliary_variant == AuxiliaryVariant::kPdarts);
  const int64_t last = (images - 1) / options.batch_size;  // of the batches before it all are full
  const bool is_reached = options.max_steps == 0 || options.max_steps > last;
  const bool is_single =
      options.batch_size == 1 || (images % options.batch_size == 1 && is_reached);
  if (has_statistics && is_single) {
    throw ConfigError("evaluation.batch_size: " + std::to_string(options.batch_size) + " of " +
                      std::to_string(images) +
                      " images make a batch of a single one, on which the "
                      "auxiliary head can't be trained; choose another, or "
                      "evaluation.auxiliary_weight: 0");
  }
}

LoaderOptions evaluation_loading(const Config& config, const torch::Device& device, Log& log) {
  LoaderOptions options =
      loader_options(config.dataset, config.evaluation.batch_size, config.seed, device);
  options.on_skip = name_skipped_images(log);
  return options;
}

/// Some images in stored order, as `evaluation.test_images` has them.
std::unique_ptr<DataLoader> open_test_loader(const Config& config, const Dataset& dataset,
                                             std::vector<int64_t> indices,
                                             const torch::Device& device, Log& log) {
  if (config.evaluation.test_images > 0) {
    indices = balanced_among(dataset, indices, config.evaluation.test_images);
  }
  LoaderOptions options = evaluation_loading(config, device, log);
  options.shuffle = false;
  options.batch_size = std::min(options.batch_size, static_cast<int64_t>(indices.size()));
  return std::make_unique<DataLoader>(dataset, std::move(indices),
                                      config.dataset.augment.for_testing(), options);
}

/// All that `evaluation.test_on` means. @param dataset the test set or the training set, as that
/// says.
std::vector<int64_t> tested_indices(const Config& config, const Dataset& dataset) {
  switch (config.evaluation.test_on) {
    case TestImages::kTest:
      return all_of(dataset);
    case TestImages::kHoldout:
      return split_training_set(config.dataset, dataset).holdout;
    case TestImages::kValidation:
      return split_training_set(config.dataset, dataset).validation;
  }
  TORCH_CHECK(false, "no such images");
}

std::string tested_name(TestImages images) {
  switch (images) {
    case TestImages::kTest:
      return " test images";
    case TestImages::kHoldout:
      return " held-out training images to test on";
    case TestImages::kValidation:
      return " training images of the architecture's part to test on";
  }
  return {};
}

}  // namespace

TestImageSet::TestImageSet(const Config& config, const torch::Device& device, Log& log,
                           std::shared_ptr<const Dataset> training, PhaseObserver& observer)
    : dataset_(std::move(training)) {
  if (config.evaluation.test_on == TestImages::kTest) {
    dataset_ = open_test_set(config, observer);
  } else if (dataset_ == nullptr) {
    dataset_ = open_dataset(config.dataset.source, Split::kTrain, observer);
  }
  std::vector<int64_t> indices = tested_indices(config, *dataset_);
  const auto all = static_cast<int64_t>(indices.size());
  loader_ = open_test_loader(config, *dataset_, std::move(indices), device, log);
  const int64_t count = loader_->size();
  use_ = (count < all ? std::to_string(count) + " of " : "") + std::to_string(all) +
         tested_name(config.evaluation.test_on);
}

void TestImageSet::report(Log& log) const { report_images(*dataset_, use_, log); }

EvaluationImages::EvaluationImages(const Config& config, const torch::Device& device, Log& log,
                                   PhaseObserver& observer)
    : train_set_(open_dataset(config.dataset.source, Split::kTrain, observer)),
      test_(config, device, log, train_set_, observer) {
  const bool by_parts = config.evaluation.test_on == TestImages::kValidation;
  TrainingSplit split;
  if (config.dataset.holdout > 0.0 || by_parts) {
    split = split_training_set(config.dataset, *train_set_);
  }
  AugmentOptions augment = config.dataset.augment;
  augment.cutout = config.evaluation.cutout;
  std::vector<int64_t> training = by_parts ? split.train : all_but(*train_set_, split.holdout);
  use_ = std::to_string(training.size()) + " training images" +
         (split.holdout.empty() ? "" : ", " + std::to_string(split.holdout.size()) + " held out");
  check_last_batch(config, info(), static_cast<int64_t>(training.size()));
  train_ = std::make_unique<DataLoader>(*train_set_, std::move(training), augment,
                                        evaluation_loading(config, device, log));
  if (config.evaluation.selection == Selection::kValidation) {
    validation_ = open_test_loader(config, *train_set_, split.holdout, device, log);
  }
}

void EvaluationImages::report(Log& log) const {
  report_images(*train_set_, use_, log);
  test_.report(log);
}

}  // namespace sanas
