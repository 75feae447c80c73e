// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sanas/data/augmentation.h"
#include "sanas/data/batch.h"
#include "sanas/data/batch_prefetcher.h"
#include "sanas/data/dataset.h"

namespace sanas {

/// What to do with an image that does not decode.
enum class BadSample {
  kFail,  ///< next() throws the DataError that names it
  kSkip,  ///< leave it out of its batch and count it (Batch::skipped)
};

/// "fail" or "skip".
std::string to_string(BadSample policy);
/// The inverse of to_string. Throws ConfigError for any other text.
BadSample bad_sample_from_string(std::string_view text);

/// How a DataLoader makes its batches.
struct LoaderOptions {
  int64_t batch_size = 64;
  int workers = 2;         ///< threads; 0: batches are made in the calling thread
  int prefetch = 4;        ///< at most that many batches are made or waiting
  bool shuffle = true;     ///< a new order each epoch
  bool drop_last = false;  ///< leave out a last batch that is not full
  uint64_t seed = 0;
  bool pin_memory = false;  ///< page-locked tensors for asynchronous copies; ignored without CUDA
  BadSample on_bad_sample = BadSample::kFail;
};

/// Batches of transformed images, made ahead by worker threads. Order and content of an epoch are a
/// function of (seed, epoch, sample) alone, whatever the number of workers. To be used from one
/// thread; the data set has to outlive it.
class DataLoader {
 public:
  /// `indices` are the samples of the data set to load. Throws ConfigError for a wrong option,
  /// DataError for an index outside of the data set or fewer indices than a batch.
  DataLoader(const Dataset& dataset, std::vector<int64_t> indices, const AugmentOptions& augment,
             const LoaderOptions& options);
  DataLoader(const DataLoader&) = delete;
  DataLoader& operator=(const DataLoader&) = delete;

  /// ceil(samples / batch size), or floor with drop_last.
  int64_t batches_per_epoch() const;

  /// Begins an epoch at batch `first_batch` (to resume in its middle); what was left of another is
  /// given up.
  void start_epoch(int64_t epoch, int64_t first_batch = 0);

  /// The next batch of the epoch, or nothing at its end. Throws what happened in a worker, as it
  /// was.
  std::optional<Batch> next();

  const LoaderOptions& options() const { return options_; }

  /// 16 hexadecimal digits that tell by name, label and place which samples are loaded.
  const std::string& fingerprint() const { return fingerprint_; }

  /// The samples of an epoch in the order they are loaded in; the first `count` of them where count
  /// is not negative.
  std::vector<int64_t> order(int64_t epoch, int64_t count = -1) const;

  /// Loads the given samples as they look in an epoch. May be called from several threads.
  Batch load(int64_t epoch, std::span<const int64_t> samples) const;

 private:
  bool load_sample(int64_t epoch, int64_t sample, float* out) const;

  const Dataset& dataset_;
  const std::vector<int64_t> indices_;
  const LoaderOptions options_;
  const Augmentation augmentation_;
  uint64_t order_stream_;  // so that loaders of different samples have different orders
  const std::string fingerprint_;
  std::unique_ptr<BatchPrefetcher> prefetcher_;  // last: its threads use everything above
};

}  // namespace sanas
