// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "sanas/data/dataset.h"
#include "sanas/data/loader.h"
#include "sanas/io/config.h"

namespace sanas {

/// The images that a discrete network is trained and tested on, as a configuration says: all
/// training images but the held-out ones, and the test images (or, by `evaluation.test_on`, the
/// held-out ones; or the two parts of a search).
class EvaluationImages {
 public:
  /// Throws ConfigError or DataError.
  EvaluationImages(const Config& config, const torch::Device& device);

  const DatasetInfo& info() const { return train_set_->info(); }
  DataLoader& train() { return *train_; }
  DataLoader& test() { return *test_; }
  /// What the images of test() are from.
  const Dataset& tested() const { return test_set_ ? *test_set_ : *train_set_; }
  /// For Selection::kValidation; otherwise null.
  DataLoader* validation() { return validation_.get(); }

 private:
  std::unique_ptr<Dataset> train_set_;
  std::unique_ptr<Dataset> test_set_;
  std::unique_ptr<DataLoader> train_;
  std::unique_ptr<DataLoader> test_;
  std::unique_ptr<DataLoader> validation_;
};

/// The test images of a data set in stored order, without augmentation.
class TestImageSet {
 public:
  TestImageSet(const Config& config, const torch::Device& device);
  const DatasetInfo& info() const { return dataset_->info(); }
  DataLoader& loader() { return *loader_; }

 private:
  std::unique_ptr<Dataset> dataset_;
  std::unique_ptr<DataLoader> loader_;
};

}  // namespace sanas
