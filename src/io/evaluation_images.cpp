// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/evaluation_images.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "sanas/core/error.h"
#include "sanas/io/network_checkpoint.h"
#include "sanas/io/search_setup.h"
#include "sanas/io/training_split.h"

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

/// The first `count` samples, or all for 0.
std::vector<int64_t> first_of(std::vector<int64_t> samples, int64_t count) {
  if (count > 0 && count < static_cast<int64_t>(samples.size())) {
    samples.resize(static_cast<size_t>(count));
  }
  return samples;
}

/// The whole test set: `subset` is for training images.
std::unique_ptr<Dataset> open_test_set(const Config& config) {
  DatasetOptions options = config.dataset.source;
  options.subset = 0;
  return open_dataset(options, Split::kTest);
}

/// One image has no batch statistics on the 1×1 features of an auxiliary head.
void check_last_batch(const Config& config, const DatasetInfo& info, int64_t images) {
  const EvaluationOptions& options = config.evaluation;
  const EvalNetworkOptions network = network_options_for(config, info);
  const bool has_statistics =
      network.auxiliary && (network.kind == NetworkKind::kCifar ||
                            network.auxiliary_variant == AuxiliaryVariant::kPdarts);
  const bool is_single = options.batch_size == 1 || images % options.batch_size == 1;
  if (has_statistics && is_single) {
    throw ConfigError("evaluation.batch_size: " + std::to_string(options.batch_size) + " of " +
                      std::to_string(images) +
                      " images make a batch of a single one, on which the "
                      "auxiliary head can't be trained; choose another, or "
                      "evaluation.auxiliary_weight: 0");
  }
}

LoaderOptions loader_options(const Config& config, const torch::Device& device) {
  return make_loader_options(config, config.evaluation.batch_size, config.evaluation.seed, device);
}

std::unique_ptr<DataLoader> open_test_loader(const Config& config, const Dataset& dataset,
                                             const torch::Device& device,
                                             const std::vector<int64_t>& all) {
  std::vector<int64_t> indices = first_of(all, config.evaluation.test_images);
  LoaderOptions options = loader_options(config, device);
  options.shuffle = false;
  options.batch_size = std::min(options.batch_size, static_cast<int64_t>(indices.size()));
  return std::make_unique<DataLoader>(dataset, std::move(indices),
                                      config.dataset.augment.for_testing(), options);
}

}  // namespace

EvaluationImages::EvaluationImages(const Config& config, const torch::Device& device)
    : train_set_(open_dataset(config.dataset.source, Split::kTrain)) {
  const TestImages test_on = config.evaluation.test_on;
  TrainingSplit split;
  if (config.dataset.holdout > 0.0 || test_on == TestImages::kValidation) {
    split = split_training_set(config, *train_set_);
  }
  AugmentOptions augment = config.dataset.augment;
  augment.cutout = config.evaluation.cutout;
  std::vector<int64_t> training =
      test_on == TestImages::kValidation ? split.train : all_but(*train_set_, split.holdout);
  check_last_batch(config, info(), static_cast<int64_t>(training.size()));
  train_ = std::make_unique<DataLoader>(*train_set_, std::move(training), augment,
                                        loader_options(config, device));
  if (test_on == TestImages::kTest) {
    test_set_ = open_test_set(config);
  }
  const auto test_indices = [&] {
    switch (test_on) {
      case TestImages::kTest:
        return all_of(*test_set_);
      case TestImages::kHoldout:
        return split.holdout;
      case TestImages::kValidation:
        return split.validation;
    }
    TORCH_CHECK(false, "no such images");
  }();
  test_ = open_test_loader(config, test_set_ ? *test_set_ : *train_set_, device, test_indices);
  if (config.evaluation.selection == Selection::kValidation) {
    validation_ = open_test_loader(config, *train_set_, device, split.holdout);
  }
}

TestImageSet::TestImageSet(const Config& config, const torch::Device& device)
    : dataset_(open_test_set(config)),
      loader_(open_test_loader(config, *dataset_, device, all_of(*dataset_))) {}

}  // namespace sanas
