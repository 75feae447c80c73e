// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes batches ahead of time in several threads and hands them out in order.

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "sanas/data/batch.h"

namespace sanas {

/// How far and by how many threads batches are made ahead.
struct PrefetchOptions {
  int workers = 2;   ///< threads; 0: batches are made by next() itself
  int prefetch = 4;  ///< at most that many batches are made or waiting
};

/// Makes the batches first, first+1, …, last-1 in several threads and hands them out in order.
class BatchPrefetcher {
 public:
  /// `make(k)` gives batch k; it is called from several threads. Throws ConfigError for negative
  /// workers or a prefetch of less than one.
  BatchPrefetcher(std::function<Batch(int64_t)> make, int64_t first, int64_t last,
                  const PrefetchOptions& options);
  /// Lets each thread finish the batch it is at, and joins.
  ~BatchPrefetcher();
  BatchPrefetcher(const BatchPrefetcher&) = delete;
  BatchPrefetcher& operator=(const BatchPrefetcher&) = delete;

  /// The next batch, or nothing after the last. What make() threw for that batch is thrown here.
  std::optional<Batch> next();

 private:
  struct Result {
    Batch batch;
    std::exception_ptr error;
  };

  void work();

  const std::function<Batch(int64_t)> make_;
  const int64_t last_;
  const int64_t prefetch_;
  int64_t delivered_;  // the number of the batch that next() gives
  int64_t claimed_;    // the number of the batch that the next free worker makes
  bool stopping_ = false;
  std::map<int64_t, Result> ready_;
  std::mutex mutex_;
  std::condition_variable may_work_;
  std::condition_variable is_ready_;
  std::vector<std::thread> threads_;
};

}  // namespace sanas
