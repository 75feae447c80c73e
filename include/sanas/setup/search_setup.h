// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a configuration to what a search works with: images, networks and options, stage by stage.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sanas/config/config.h"
#include "sanas/core/log.h"
#include "sanas/core/phase.h"
#include "sanas/data/dataset.h"
#include "sanas/data/endless_batches.h"
#include "sanas/data/loader.h"
#include "sanas/data/training_split.h"
#include "sanas/search/search_loop.h"
#include "sanas/supernet/search_stage.h"

namespace sanas {

/// What a search works with, as its configuration describes it: the training images of the data
/// set, split into the half that the weights learn from and the half that the architecture learns
/// from; and for each stage networks, batches and options.
class SearchSetup {
 public:
  /// @param log is told of images that are skipped; it has to outlive this.
  /// @param observer of the reading (open_dataset). Throws Interrupted.
  /// Throws ConfigError or DataError, e.g. for fewer images than a batch.
  SearchSetup(const Config& config, const torch::Device& device, Log& log,
              PhaseObserver& observer = nobody());

  /// Says which images they are.
  void report(Log& log) const;

  const torch::Device& device() const { return device_; }
  const Dataset& dataset() const { return *dataset_; }
  /// Those of its images that the architecture learns from, and the weights do not.
  const std::vector<int64_t>& architecture_images() const { return split_.validation; }
  /// SearchLoop::images of a loop on them.
  std::string images() const { return train_->fingerprint() + " " + architecture_->fingerprint(); }
  int64_t steps_per_epoch() const { return train_->batches_per_epoch(); }
  /// Mini-batches of a stage: to the last epoch, or to `search.max_steps`.
  int64_t steps() const;
  /// Where those of a stage begin among the mini-batches of all stages, which all have their full
  /// number of epochs there.
  int64_t steps_before(const SearchStage& stage) const {
    return stage.index * config_.search.epochs * steps_per_epoch();
  }

  int64_t stages() const { return stage_count(config_.supernet); }
  SearchStage first_stage() const { return sanas::first_stage(config_.supernet); }
  /// @param net of `stage`, searched. Nothing after the last one.
  std::optional<SearchStage> next_stage(const SearchStage& stage, const Supernet& net) const;

  /// make_search_networks.
  SearchNetworks networks(const SearchStage& stage) const;
  SearchOptions options(const SearchStage& stage) const;
  /// Loaders for a stage, good until the next call.
  /// @param net of the stage: what it is validated on at a time suits its memory.
  /// @param step mini-batches that are already done in the stage, to resume.
  SearchData data(const SearchStage& stage, Supernet& net, int64_t step = 0);

 private:
  void open_loaders(int64_t stage);

  Config config_;
  torch::Device device_;
  std::unique_ptr<Dataset> dataset_;
  TrainingSplit split_;
  std::function<void(const std::string&)> on_skip_;
  int64_t opened_stage_ = -1;
  std::unique_ptr<DataLoader> train_;
  std::unique_ptr<DataLoader> architecture_;
  std::unique_ptr<DataLoader> validation_;
  std::unique_ptr<EndlessBatches> architecture_batches_;
};

}  // namespace sanas
