// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/batch_prefetcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "sanas/core/error.h"
#include "support/memory_limit.h"

namespace sanas {
namespace {

Batch numbered(int64_t number) {
  Batch batch;
  batch.labels = torch::full({1}, number, torch::kInt64);
  return batch;
}

TEST(BatchPrefetcher, GivesBatchesInOrderForAnyNumberOfWorkers) {
  for (const int workers : {0, 1, 2, 4}) {
    // Later batches of each group of three are done sooner.
    BatchPrefetcher prefetcher(
        [](int64_t number) {
          std::this_thread::sleep_for(std::chrono::milliseconds(2 * (2 - number % 3)));
          return numbered(number);
        },
        3, 30, {workers, 5});
    for (int64_t number = 3; number < 30; ++number) {
      const auto batch = prefetcher.next();
      ASSERT_TRUE(batch);
      ASSERT_EQ(batch->labels.item<int64_t>(), number);
    }
    EXPECT_FALSE(prefetcher.next());
    EXPECT_FALSE(prefetcher.next());
  }
}

TEST(BatchPrefetcher, NeverMakesMoreThanAllowedAhead) {
  std::atomic<int64_t> made = 0;
  BatchPrefetcher prefetcher(
      [&](int64_t number) {
        ++made;
        return numbered(number);
      },
      0, 100, {4, 3});
  for (int64_t taken = 0; taken < 20; ++taken) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_LE(made, taken + 3);
    EXPECT_GE(made, 1);
    prefetcher.next();
  }
}

TEST(BatchPrefetcher, RethrowsWithTheBatchThatFailedAndGoesOn) {
  for (const int workers : {0, 3}) {
    BatchPrefetcher prefetcher(
        [](int64_t number) {
          if (number == 2) {
            throw std::out_of_range("two");
          }
          return numbered(number);
        },
        0, 4, {workers, 4});
    EXPECT_EQ(prefetcher.next()->labels.item<int64_t>(), 0);
    EXPECT_EQ(prefetcher.next()->labels.item<int64_t>(), 1);
    EXPECT_THROW(prefetcher.next(), std::out_of_range);
    EXPECT_EQ(prefetcher.next()->labels.item<int64_t>(), 3);
    EXPECT_FALSE(prefetcher.next());
  }
}

TEST(BatchPrefetcher, CanBeLeftAtAnyTime) {
  for (int taken = 0; taken < 6; ++taken) {
    BatchPrefetcher prefetcher(numbered, 0, 1'000'000, {3, 2});
    for (int i = 0; i < taken; ++i) {
      EXPECT_EQ(prefetcher.next()->labels.item<int64_t>(), i);
    }
  }
}

TEST(BatchPrefetcher, EmptyRangeHasNoBatch) {
  BatchPrefetcher prefetcher(numbered, 5, 5, {2, 2});
  EXPECT_FALSE(prefetcher.next());
}

TEST(BatchPrefetcher, RefusesImpossibleOptions) {
  EXPECT_THROW(BatchPrefetcher(numbered, 0, 1, {-1, 2}), ConfigError);
  EXPECT_THROW(BatchPrefetcher(numbered, 0, 1, {1, 0}), ConfigError);
}

TEST(BatchPrefetcher, WorksWithFewerThreadsThanItWantsOrNone) {
  if (!kMemoryCanBeLimited) {
    GTEST_SKIP() << "under a sanitizer";
  }
  std::unique_ptr<BatchPrefetcher> prefetcher;
  {
    const ScopedMemoryLimit limit(64U << 20U);  // 64 stacks take 512 MiB
    prefetcher = std::make_unique<BatchPrefetcher>(numbered, 0, 200, PrefetchOptions{64, 128});
  }
  for (int64_t number = 0; number < 200; ++number) {
    ASSERT_EQ(prefetcher->next()->labels.item<int64_t>(), number);
  }
  EXPECT_FALSE(prefetcher->next());
}

}  // namespace
}  // namespace sanas
