// SPDX-License-Identifier: Apache-2.0
#include "kernels/worker_pool.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace sanas::kernels {
namespace {

/// A few microseconds: the time between two steps of a fan.
constexpr int kSpins = 10000;

/// Waits until `value` is no longer `old`.
uint64_t wait_for_change(const std::atomic<uint64_t>& value, uint64_t old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    const uint64_t now = value.load(std::memory_order_acquire);
    if (now != old) {
      return now;
    }
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

class WorkerPool {
 public:
  WorkerPool() = default;
  ~WorkerPool() {
    stopping_ = true;
    begin_round();
    for (auto& thread : threads_) {
      thread.join();
    }
  }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void run(int64_t count, const WorkItem& work) {
    const int helpers = static_cast<int>(std::min<int64_t>(worker_threads(), count)) - 1;
    if (helpers <= 0 || busy_.exchange(true)) {
      for (int64_t item = 0; item < count; ++item) {
        work(item, 0);
      }
      return;
    }
    start_threads(helpers);
    work_ = &work;
    count_ = count;
    next_ = 0;
    helpers_ = helpers;
    open_ = true;
    begin_round();
    take_items(0);
    open_ = false;  // who has not come yet is not waited for
    for (uint64_t left = active_; left > 0;) {
      left = wait_for_change(active_, left);
    }
    const auto failure = std::exchange(failure_, nullptr);
    busy_ = false;
    if (failure) {
      std::rethrow_exception(failure);
    }
  }

 private:
  /// Until there are `wanted`, or the system gives no more: then those that there are do the work.
  void start_threads(int wanted) {
    while (static_cast<int>(threads_.size()) < wanted) {
      const int number = static_cast<int>(threads_.size()) + 1;
      try {
        threads_.emplace_back([this, number, round = round_.load()] { help(number, round); });
      } catch (const std::system_error&) {
        return;
      }
    }
  }

  void begin_round() {
    round_.fetch_add(1);
    round_.notify_all();
  }

  void help(int number, uint64_t round) {
    for (;;) {
      round = wait_for_change(round_, round);
      if (stopping_) {
        return;
      }
      active_.fetch_add(1);
      if (open_ && number <= helpers_) {
        take_items(number);
      }
      if (active_.fetch_sub(1) == 1) {
        active_.notify_all();
      }
    }
  }

  void take_items(int thread) {
    for (int64_t item = next_.fetch_add(1); item < count_; item = next_.fetch_add(1)) {
      try {
        (*work_)(item, thread);
      } catch (...) {
        const std::scoped_lock lock(failing_);
        failure_ = std::current_exception();
      }
    }
  }

  std::atomic<bool> busy_{false};
  std::vector<std::thread> threads_;
  std::atomic<uint64_t> round_{0};
  std::atomic<bool> stopping_{false};
  // What a round is about: changed only while it is not open and nobody is active.
  std::atomic<bool> open_{false};
  std::atomic<uint64_t> active_{0};
  const WorkItem* work_ = nullptr;
  int64_t count_ = 0;
  int helpers_ = 0;
  std::atomic<int64_t> next_{0};
  std::mutex failing_;
  std::exception_ptr failure_;
};

}  // namespace

int worker_threads() { return at::get_num_threads(); }

void run_items(int64_t count, const WorkItem& work) {
  static WorkerPool pool;
  pool.run(count, work);
}

}  // namespace sanas::kernels
