// SPDX-License-Identifier: Apache-2.0
#pragma once

// Batches of a data set: shuffled, transformed and decoded in several threads, the same for the
// same seed.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
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
  /// Told by whoever calls next() of each image that is left out: its name and why.
  std::function<void(const std::string& what)> on_skip;
};

/// Batches of transformed images, made ahead by worker threads. Order and content of an epoch are a
/// function of (seed, epoch, sample) alone, whatever the number of workers. To be used from one
/// thread; the data set has to outlive it.
class DataLoader {
 public:
  /// `indices` are the samples of the data set to load. Throws ConfigError for a wrong option,
  /// DataError for an index outside of the data set or fewer indices than a batch, and where it is
  /// known already that an image, or with BadSample::kSkip all of them, can't be decoded.
  DataLoader(const Dataset& dataset, std::vector<int64_t> indices, const AugmentOptions& augment,
             const LoaderOptions& options);
  DataLoader(const DataLoader&) = delete;
  DataLoader& operator=(const DataLoader&) = delete;

  /// Samples.
  int64_t size() const { return static_cast<int64_t>(indices_.size()); }

  /// ceil(samples / batch size), or floor with drop_last.
  int64_t batches_per_epoch() const;

  /// From the next epoch on that many images a batch, or all where there are fewer.
  void set_batch_size(int64_t size);

  /// Begins an epoch at batch `first_batch` (to resume in its middle); what was left of another is
  /// given up.
  void start_epoch(int64_t epoch, int64_t first_batch = 0);

  /// The next batch of the epoch, or nothing at its end. Where bad samples are skipped it may be
  /// empty. Throws what happened in a worker, as it was, and DataError at the last batch of a whole
  /// epoch of which no image can be decoded.
  std::optional<Batch> next();

  const LoaderOptions& options() const { return options_; }

  /// 16 hexadecimal digits that tell by name, label and place which samples are loaded. Goes over
  /// all of them when it is asked for the first time.
  const std::string& fingerprint() const;

  /// The samples of an epoch in the order they are loaded in; the first `count` of them where count
  /// is not negative.
  std::vector<int64_t> order(int64_t epoch, int64_t count = -1) const;

  /// Loads the given samples as they look in an epoch; the batch may be empty where bad samples are
  /// skipped. May be called from several threads.
  Batch load(int64_t epoch, std::span<const int64_t> samples) const;

  /// Hands to `on_skip` what load() has left out since the last time.
  void report_skipped() const;

  /// Throws the DataError that says that no image can be decoded.
  [[noreturn]] void throw_nothing_left() const;

 private:
  bool load_sample(int64_t epoch, int64_t sample, float* out) const;

  const Dataset& dataset_;
  const std::vector<int64_t> indices_;
  LoaderOptions options_;
  const Augmentation augmentation_;
  uint64_t order_stream_;  // so that loaders of different samples have different orders
  mutable std::string fingerprint_;
  mutable std::mutex skipped_mutex_;
  mutable std::vector<std::string> skipped_;     // not yet reported
  int64_t batches_left_ = 0;                     // of the epoch
  bool is_barren_ = false;                       // no image yet of an epoch from its beginning
  std::unique_ptr<BatchPrefetcher> prefetcher_;  // last: its threads use everything above
};

}  // namespace sanas
