// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sanas/core/log.h"
#include "sanas/core/phase.h"
#include "sanas/data/dataset.h"
#include "sanas/data/endless_batches.h"
#include "sanas/data/loader.h"
#include "sanas/io/config.h"
#include "sanas/io/search_stage.h"
#include "sanas/io/training_split.h"
#include "sanas/search/networks.h"
#include "sanas/search/search_loop.h"

namespace sanas {

/// The normalisation that a configuration asks for on a data set.
PixelNormalization make_normalization(const Config& config, const DatasetInfo& info);

/// Height and width that images of `size` pixels (0: they vary) have in a batch, after the
/// configured crops; 224 where nothing says.
int64_t batch_image_size(const AugmentOptions& augment, int64_t size);

/// The stems that fit images of that size: ImageNet's above 64 pixels.
NetworkKind network_kind_for(int64_t image_size);

/// The configured search network for images of `image_size` pixels in `classes` classes.
SupernetChoice supernet_for(const Config& config, int64_t classes, int64_t image_size);

/// How batches of a run are loaded.
LoaderOptions make_loader_options(const Config& config, int64_t batch_size, uint64_t seed,
                                  const torch::Device& device);

/// W1, W2 (SANAS only) and A of a stage on `device`, drawn from the configuration's seed.
SearchNetworks make_search_networks(const Config& config, const DatasetInfo& info,
                                    const SearchStage& stage, const torch::Device& device);

/// The data of a search: the training images of the data set, split into the half that the weights
/// learn from and the half that the architecture learns from.
class SearchDataSource {
 public:
  /// @param log is told of images that are skipped; it has to outlive this.
  /// @param observer of the reading (open_dataset). Throws Interrupted.
  /// Throws ConfigError or DataError, e.g. for fewer images than a batch.
  SearchDataSource(const Config& config, const torch::Device& device, Log& log,
                   PhaseObserver& observer = nobody());

  /// Says which images they are.
  void report(Log& log) const;

  const Dataset& dataset() const { return *dataset_; }
  int64_t steps_per_epoch() const { return train_->batches_per_epoch(); }
  /// SearchLoop::images of a loop on them.
  std::string images() const { return train_->fingerprint() + " " + architecture_->fingerprint(); }
  /// Loaders for a stage, good until the next call. `first_architecture_step` is the number of
  /// architecture updates already done in it, to resume.
  SearchData open(int64_t stage, int64_t first_architecture_step = 0);

 private:
  void open_loaders(int64_t stage);

  Config config_;
  torch::Device device_;
  std::unique_ptr<Dataset> dataset_;
  TrainingSplit split_;
  std::function<void(const std::string&)> on_skip_;
  std::unique_ptr<DataLoader> train_;
  std::unique_ptr<DataLoader> architecture_;
  std::unique_ptr<DataLoader> validation_;
  std::unique_ptr<EndlessBatches> architecture_batches_;
};

}  // namespace sanas
