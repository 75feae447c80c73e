// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/training_split.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "data/data_test_support.h"

namespace sanas {
namespace {

using data_test::FormulaDataset;
using data_test::message_of;
using testing::HasSubstr;

/// Labels 0 0 … 1 1 …: as folders of images are stored.
class SortedDataset : public FormulaDataset {
 public:
  using FormulaDataset::FormulaDataset;
  int64_t label(int64_t index) const override { return index * info().num_classes() / size(); }
};

std::map<int64_t, int64_t> count_by_class(const Dataset& dataset,
                                          const std::vector<int64_t>& indices) {
  std::map<int64_t, int64_t> counts;
  for (const int64_t index : indices) {
    ++counts[dataset.label(index)];
  }
  return counts;
}

DataOptions with_holdout(double holdout, uint64_t split_seed = 2) {
  DataOptions options;
  options.holdout = holdout;
  options.split_seed = split_seed;
  return options;
}

TEST(TrainingSplit, DependsOnTheSplitSeedAlone) {
  const SortedDataset sorted(400, 4);
  const FormulaDataset mixed(400, 4);
  for (const Dataset* dataset : std::initializer_list<const Dataset*>{&sorted, &mixed}) {
    const auto one = split_training_set(with_holdout(0.1), *dataset);
    const auto again = split_training_set(with_holdout(0.1), *dataset);
    EXPECT_EQ(one.train, again.train);
    EXPECT_EQ(one.validation, again.validation);
    EXPECT_EQ(one.holdout, again.holdout);
    EXPECT_NE(one.holdout, split_training_set(with_holdout(0.1, 3), *dataset).holdout);
  }
}

TEST(TrainingSplit, HoldsOutTheShareOfEachClassAndPart) {
  const SortedDataset dataset(400, 4);
  const auto split = split_training_set(with_holdout(0.1), dataset);
  EXPECT_EQ(count_by_class(dataset, split.holdout),
            (std::map<int64_t, int64_t>{{0, 10}, {1, 10}, {2, 10}, {3, 10}}));
  EXPECT_EQ(count_by_class(dataset, split.train),
            (std::map<int64_t, int64_t>{{0, 45}, {1, 45}, {2, 45}, {3, 45}}));
  std::set<int64_t> all(split.train.begin(), split.train.end());
  all.insert(split.validation.begin(), split.validation.end());
  all.insert(split.holdout.begin(), split.holdout.end());
  EXPECT_EQ(all.size(), 400U);
}

/// Each image is held out equally often: 60 of 600 seeds, standard deviation 7.3.
TEST(TrainingSplit, EveryImageIsEquallyLikelyHeldOut) {
  const SortedDataset dataset(40, 2);
  std::map<int64_t, int> times;
  for (uint64_t seed = 0; seed < 600; ++seed) {
    for (const int64_t index : split_training_set(with_holdout(0.1, seed), dataset).holdout) {
      ++times[index];
    }
  }
  for (int64_t index = 0; index < 40; ++index) {
    EXPECT_NEAR(times[index], 60, 33) << index;
  }
}

TEST(TrainingSplit, HoldsOutOneImageOfASmallClass) {
  const SortedDataset dataset(16, 4);  // two of each class in each part
  const auto split = split_training_set(with_holdout(0.1), dataset);
  EXPECT_EQ(count_by_class(dataset, split.holdout),
            (std::map<int64_t, int64_t>{{0, 2}, {1, 2}, {2, 2}, {3, 2}}));
  EXPECT_THAT(
      message_of<ConfigError>([] { split_training_set(with_holdout(0.1), SortedDataset(8, 4)); }),
      HasSubstr("dataset.holdout: no class"));
}

}  // namespace
}  // namespace sanas
