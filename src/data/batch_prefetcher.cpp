// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/batch_prefetcher.h"

#include <string>
#include <utility>

#include "sanas/core/error.h"

namespace sanas {

BatchPrefetcher::BatchPrefetcher(std::function<Batch(int64_t)> make, int64_t first, int64_t last,
                                 const PrefetchOptions& options)
    : make_(std::move(make)),
      last_(last),
      prefetch_(options.prefetch),
      delivered_(first),
      claimed_(first) {
  if (options.workers < 0 || options.prefetch < 1) {
    throw ConfigError("workers is " + std::to_string(options.workers) + " and prefetch " +
                      std::to_string(options.prefetch) +
                      "; they must be at least 0 and 1 respectively");
  }
  try {
    for (int i = 0; i < options.workers; ++i) {
      threads_.emplace_back([this] { work(); });
    }
  } catch (const std::exception&) {
    // The system has no more threads for us: fewer, or none, load the same batches.
  }
}

BatchPrefetcher::~BatchPrefetcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  may_work_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void BatchPrefetcher::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    may_work_.wait(lock, [this] {
      return stopping_ || claimed_ >= last_ || claimed_ < delivered_ + prefetch_;
    });
    if (stopping_ || claimed_ >= last_) {
      return;
    }
    const int64_t number = claimed_++;
    lock.unlock();
    Result result;
    try {
      result.batch = make_(number);
    } catch (...) {
      result.error = std::current_exception();
    }
    lock.lock();
    ready_.emplace(number, std::move(result));
    is_ready_.notify_one();
  }
}

std::optional<Batch> BatchPrefetcher::next() {
  if (delivered_ >= last_) {
    return std::nullopt;
  }
  if (threads_.empty()) {
    return make_(delivered_++);
  }
  std::unique_lock lock(mutex_);
  is_ready_.wait(lock, [this] { return ready_.count(delivered_) > 0; });
  Result result = std::move(ready_.extract(delivered_).mapped());
  ++delivered_;
  lock.unlock();
  may_work_.notify_one();
  if (result.error) {
    std::rethrow_exception(result.error);
  }
  return std::move(result.batch);
}

}  // namespace sanas
