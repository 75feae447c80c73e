// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/endless_batches.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "data/data_test_support.h"

namespace sanas {
namespace {

using data_test::FormulaDataset;

class EndlessBatchesOfFormula : public testing::TestWithParam<int> {
 protected:
  DataLoader loader() const {
    std::vector<int64_t> indices(22);
    std::iota(indices.begin(), indices.end(), 30);
    return DataLoader(dataset_, indices, {}, {.batch_size = 5, .workers = GetParam(), .seed = 4});
  }

  FormulaDataset dataset_{60};
};

TEST_P(EndlessBatchesOfFormula, PersistentIsOnePassAfterTheOther) {
  DataLoader single = loader();
  EndlessBatches endless(single, ArchitectureBatches::kPersistent);
  ASSERT_EQ(single.batches_per_epoch(), 5);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    single.start_epoch(epoch);
    while (const auto expected = single.next()) {
      const Batch batch = endless.next();
      ASSERT_TRUE(torch::equal(batch.images, expected->images));
      ASSERT_TRUE(torch::equal(batch.indices, expected->indices));
    }
  }
}

TEST_P(EndlessBatchesOfFormula, FreshIsTheFirstBatchOfAnEpochPerStep) {
  DataLoader single = loader();
  EndlessBatches endless(single, ArchitectureBatches::kFresh);
  std::set<int64_t> seen;
  for (int64_t step = 0; step < 40; ++step) {
    single.start_epoch(step);
    const Batch expected = *single.next();
    const Batch batch = endless.next();
    ASSERT_EQ(batch.size(), 5);
    ASSERT_TRUE(torch::equal(batch.images, expected.images));
    ASSERT_TRUE(torch::equal(batch.indices, expected.indices));
    for (int64_t i = 0; i < 5; ++i) {
      seen.insert(batch.indices[i].item<int64_t>());
    }
  }
  // A sample is missing from 40 draws of 5 of 22 with probability 4e-5.
  EXPECT_EQ(seen.size(), 22U);
}

TEST_P(EndlessBatchesOfFormula, CanBeginAtAnyStep) {
  const DataLoader single = loader();
  for (const auto policy : {ArchitectureBatches::kPersistent, ArchitectureBatches::kFresh}) {
    EndlessBatches whole(single, policy);
    for (int step = 0; step < 7; ++step) {
      whole.next();
    }
    EndlessBatches resumed(single, policy, 7);
    for (int step = 7; step < 13; ++step) {
      ASSERT_TRUE(torch::equal(whole.next().images, resumed.next().images));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, EndlessBatchesOfFormula, testing::Values(0, 1, 3));

TEST(ArchitectureBatchesPolicy, HasNames) {
  for (const auto policy : {ArchitectureBatches::kPersistent, ArchitectureBatches::kFresh}) {
    EXPECT_EQ(architecture_batches_from_string(to_string(policy)), policy);
  }
  EXPECT_EQ(to_string(ArchitectureBatches::kFresh), "fresh");
  EXPECT_THROW(architecture_batches_from_string("new"), ConfigError);
}

TEST(EndlessBatches, GivesUpAfterAnEpochOfBadSamples) {
  FormulaDataset dataset(6);
  dataset.bad_samples = {0, 1, 2, 3, 4, 5};
  const DataLoader loader(dataset, {0, 1, 2, 3, 4, 5}, {},
                          {.batch_size = 2, .workers = 0, .on_bad_sample = BadSample::kSkip});
  for (const auto policy : {ArchitectureBatches::kPersistent, ArchitectureBatches::kFresh}) {
    EndlessBatches endless(loader, policy);
    EXPECT_EQ(endless.next().skipped, 2);
    EXPECT_EQ(endless.next().size(), 0);
    EXPECT_THROW(endless.next(), DataError);
  }
}

}  // namespace
}  // namespace sanas
