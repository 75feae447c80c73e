// SPDX-License-Identifier: Apache-2.0
#include "kernels/worker_pool.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace sanas::kernels {
namespace {

class WorkerPool : public testing::TestWithParam<int> {
 protected:
  WorkerPool() : before_(at::get_num_threads()) { at::set_num_threads(GetParam()); }
  ~WorkerPool() override { at::set_num_threads(before_); }

 private:
  int before_;
};

TEST_P(WorkerPool, DoesEachItemOnceOnAThreadThatIsThere) {
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::atomic<int>> done(7);
    std::atomic<bool> fine{true};
    run_items(7, [&](int64_t item, int thread) {
      ++done[static_cast<size_t>(item)];
      fine = fine && thread >= 0 && thread < worker_threads();
    });
    for (const auto& count : done) {
      ASSERT_EQ(count, 1);
    }
    ASSERT_TRUE(fine);
  }
}

TEST_P(WorkerPool, ThrowsWhatAnItemThrowsAndGoesOnAfterIt) {
  std::atomic<int> done{0};
  EXPECT_THROW(run_items(5,
                         [&](int64_t item, int) {
                           if (item == 2) {
                             throw std::runtime_error("item 2");
                           }
                           ++done;
                         }),
               std::runtime_error);
  run_items(3, [&](int64_t, int) { ++done; });
  EXPECT_GE(done, 3);
}

TEST_P(WorkerPool, RunsItemsOfItemsAndOfOtherThreads) {
  std::atomic<int> done{0};
  const auto work = [&] {
    run_items(4, [&](int64_t, int) { run_items(3, [&](int64_t, int) { ++done; }); });
  };
  std::thread other([&] {
    at::set_num_threads(GetParam());
    work();
  });
  work();
  other.join();
  EXPECT_EQ(done, 24);
}

INSTANTIATE_TEST_SUITE_P(Threads, WorkerPool, testing::Values(1, 2, 4));

}  // namespace
}  // namespace sanas::kernels
