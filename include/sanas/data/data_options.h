// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which images a run sees, and what for: the section `dataset` of a configuration.

#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "sanas/data/augmentation.h"
#include "sanas/data/dataset.h"
#include "sanas/data/loader.h"

namespace sanas {

/// What the first layer of a network does to the pixels: subtract the mean and divide by the
/// standard deviation of the data set, or nothing.
enum class NormalizationChoice { kDataset, kNone };

std::string to_string(NormalizationChoice choice);

/// Which images a run sees, what for, and how they are brought to it: section `dataset` of a
/// configuration.
struct DataOptions {
  DatasetOptions source{.name = "cifar10", .root = "data"};
  /// Share of the training images that the weights learn from in a search.
  double train_portion = 0.5;
  /// Share that the architecture learns from, drawn by class. 0: all others, in stored order.
  double validation_portion = 0.0;
  /// Share of each half and class that neither search nor training sees, to compare settings on; at
  /// least one image where there are two.
  double holdout = 0.0;
  /// Of what is drawn for the parts of the training images, and of nothing else, so that runs with
  /// different `seed`s have the same parts.
  uint64_t split_seed = 2;
  /// File with the two parts of a search: read where it is there, otherwise drawn and written.
  /// Empty: none.
  std::filesystem::path search_list;
  int workers = 4;
  BadSample on_bad_sample = BadSample::kFail;
  NormalizationChoice normalize = NormalizationChoice::kDataset;
  AugmentOptions augment;
};

/// How batches of a run on `device` are loaded.
LoaderOptions loader_options(const DataOptions& data, int64_t batch_size, uint64_t seed,
                             const torch::Device& device);

}  // namespace sanas
