// SPDX-License-Identifier: Apache-2.0
#include "sanas/setup/search_setup.h"

#include "data/dataset_reading.h"
#include "data/image_report.h"
#include "sanas/optim/run_cursor.h"
#include "sanas/search/perturbation_store.h"
#include "sanas/setup/networks.h"
#include "search/search_cost.h"
#include "setup/inference_batches.h"
#include "setup/random_streams.h"

namespace sanas {

SearchSetup::SearchSetup(const Config& config, const torch::Device& device, Log& log,
                         PhaseObserver& observer)
    : config_(config),
      device_(device),
      dataset_(open_dataset(config.dataset.source, Split::kTrain, observer)),
      split_(split_training_set(config.dataset, *dataset_)),
      on_skip_(name_skipped_images(log)) {
  if (config.search.keep_perturbations) {
    const auto& info = dataset_->info();
    check_perturbations(static_cast<int64_t>(split_.train.size()),
                        batch_image_size(config.dataset.augment, info.height),
                        batch_image_size(config.dataset.augment, info.width));
  }
  open_loaders(0);  // complains now rather than later
}

void SearchSetup::report(Log& log) const {
  report_images(
      *dataset_,
      std::to_string(split_.train.size()) + " training images for the weights, " +
          std::to_string(split_.validation.size()) + " for the architecture" +
          (split_.holdout.empty() ? ""
                                  : ", " + std::to_string(split_.holdout.size()) + " held out") +
          ", of " + std::to_string(dataset_->size()),
      log);
}

int64_t SearchSetup::steps() const {
  const RunLength length{.epochs = config_.search.epochs,
                         .steps_per_epoch = steps_per_epoch(),
                         .max_steps = config_.search.max_steps};
  return length.steps();
}

std::optional<SearchStage> SearchSetup::next_stage(const SearchStage& stage,
                                                   const Supernet& net) const {
  if (stage.index + 1 == stages()) {
    return std::nullopt;
  }
  return sanas::next_stage(config_.supernet, stage, net);
}

SearchNetworks SearchSetup::networks(const SearchStage& stage) const {
  return make_search_networks(config_, dataset_->info(), stage, device_);
}

SearchOptions SearchSetup::options(const SearchStage& stage) const {
  SearchOptions options = search_options(config_);
  options.stage = stage.index;
  return options;
}

SearchData SearchSetup::data(const SearchStage& stage, Supernet& net, int64_t step) {
  open_loaders(stage.index);
  architecture_batches_ = std::make_unique<EndlessBatches>(
      *architecture_, config_.search.architecture_batches,
      architecture_updates(config_.search, steps_per_epoch(), step));
  validation_->set_batch_size(validation_batch_size(config_, net, dataset_->info()));
  return {*train_, *architecture_batches_, validation_.get()};
}

void SearchSetup::open_loaders(int64_t stage) {
  architecture_batches_.reset();
  if (stage == opened_stage_) {
    return;  // they begin anew with an epoch, and keep the fingerprints that they have computed
  }
  opened_stage_ = stage;
  const auto& augment = config_.dataset.augment;
  LoaderOptions options = loader_options(config_.dataset, config_.search.batch_size,
                                         stage_seed(config_, stage, kBatches), device_);
  options.on_skip = on_skip_;
  train_ = std::make_unique<DataLoader>(*dataset_, split_.train, augment, options);
  architecture_ = std::make_unique<DataLoader>(*dataset_, split_.validation, augment, options);
  options.shuffle = false;
  validation_ =
      std::make_unique<DataLoader>(*dataset_, split_.validation, augment.for_testing(), options);
}

}  // namespace sanas
