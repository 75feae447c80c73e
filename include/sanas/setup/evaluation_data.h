// SPDX-License-Identifier: Apache-2.0
#pragma once

// The images of a training and a test, from a configuration.

#include <memory>
#include <string>

#include "sanas/config/config.h"
#include "sanas/core/log.h"
#include "sanas/core/phase.h"
#include "sanas/data/dataset.h"
#include "sanas/data/loader.h"

namespace sanas {

/// The images that a network is tested on, as a configuration says (`evaluation.test_on`), without
/// augmentation. `evaluation.test_images` takes some of each class.
class TestImageSet {
 public:
  /// @param log is told of images that are skipped; it has to outlive this.
  /// @param training the training set, where it is open already.
  /// @param observer of the reading (open_dataset). Throws Interrupted.
  /// Throws ConfigError or DataError.
  TestImageSet(const Config& config, const torch::Device& device, Log& log,
               std::shared_ptr<const Dataset> training = nullptr,
               PhaseObserver& observer = nobody());

  const Dataset& dataset() const { return *dataset_; }
  const DatasetInfo& info() const { return dataset_->info(); }
  DataLoader& loader() { return *loader_; }
  /// Says which images they are.
  void report(Log& log) const;

 private:
  std::shared_ptr<const Dataset> dataset_;
  std::unique_ptr<DataLoader> loader_;
  std::string use_;
};

/// The images that a discrete network is trained and tested on: all training images but the
/// held-out ones, or with `evaluation.test_on: validation` those that the weights of a search learn
/// from; and a TestImageSet.
class EvaluationImages {
 public:
  /// Like TestImageSet.
  EvaluationImages(const Config& config, const torch::Device& device, Log& log,
                   PhaseObserver& observer = nobody());

  const DatasetInfo& info() const { return train_set_->info(); }
  DataLoader& train() { return *train_; }
  DataLoader& test() { return test_.loader(); }
  /// What the images of test() are from.
  const Dataset& tested() const { return test_.dataset(); }
  /// For Selection::kValidation; otherwise null.
  DataLoader* validation() { return validation_.get(); }
  /// Says which images they are.
  void report(Log& log) const;

 private:
  std::shared_ptr<const Dataset> train_set_;
  std::unique_ptr<DataLoader> train_;
  std::unique_ptr<DataLoader> validation_;
  std::string use_;
  TestImageSet test_;
};

}  // namespace sanas
