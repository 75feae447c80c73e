// SPDX-License-Identifier: Apache-2.0
#include "data/subset.h"

#include <gmock/gmock.h>

#include "data/data_test_support.h"

namespace sanas {
namespace {

using data_test::FormulaDataset;
using data_test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

// The labels of FormulaDataset(12, 3) are i² mod 3: 0 1 1 0 1 1 0 1 1 0 1 1.
TEST(Subset, TakesTheFirstImagesOfEachClass) {
  // Class 2 has no image at all; 0 and 1 share evenly.
  EXPECT_THAT(balanced_subset(FormulaDataset(12, 3), 4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(balanced_subset(FormulaDataset(12, 3), 7), ElementsAre(0, 1, 2, 3, 4, 6, 9));
}

TEST(Subset, FillsUpFromTheLargerClassesWhereOneIsExhausted) {
  // Class 0 has 4 images, so 10 takes all of them and 6 of class 1.
  EXPECT_THAT(balanced_subset(FormulaDataset(12, 3), 10),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(Subset, OfAllImagesIsTheDataSet) {
  EXPECT_THAT(balanced_subset(FormulaDataset(5, 2), 5), ElementsAre(0, 1, 2, 3, 4));
}

// A data set sorted by class, where the first so many would be of one class.
TEST(Subset, AmongSomeImagesIsBalancedToo) {
  const FormulaDataset dataset(12, 3);  // class 0: 0 3 6 9, class 1 the others
  EXPECT_THAT(balanced_among(dataset, {0, 3, 6, 9, 10, 11}, 4), ElementsAre(0, 3, 10, 11));
  EXPECT_THAT(balanced_among(dataset, {0, 3, 6, 9, 10, 11}, 1), ElementsAre(0));
  EXPECT_THAT(balanced_among(dataset, {3, 6}, 2), ElementsAre(3, 6));
  EXPECT_THAT(balanced_among(dataset, {3, 6}, 100), ElementsAre(3, 6));
}

TEST(Subset, LargerThanTheDataIsAnError) {
  EXPECT_THAT(message_of<DataError>([] { balanced_subset(FormulaDataset(5), 6); }),
              HasSubstr("it has 5"));
  EXPECT_THROW(balanced_subset(FormulaDataset(5), 0), DataError);
}

TEST(Subset, ShowsTheChosenImages) {
  const FormulaDataset whole(12);
  const SubsetDataset subset(std::make_unique<FormulaDataset>(12), {7, 3, 10});
  ASSERT_EQ(subset.size(), 3);
  EXPECT_EQ(subset.image(1), whole.image(3, 0));
  EXPECT_EQ(subset.label(2), 100 % 3);
  EXPECT_EQ(subset.sample_name(0), "#7");
  EXPECT_EQ(subset.info().name, "formula");
}

TEST(Subset, RefusesAnIndexOutsideOfTheData) {
  EXPECT_THROW(SubsetDataset(std::make_unique<FormulaDataset>(4), {0, 4}), DataError);
  EXPECT_THROW(SubsetDataset(std::make_unique<FormulaDataset>(4), {-1}), DataError);
}

TEST(TrainValidationSplit, CutsInStoredOrder) {
  const auto [train, validation] = split_train_validation(50'000, 0.5);
  ASSERT_EQ(train.size(), 25'000U);
  ASSERT_EQ(validation.size(), 25'000U);
  EXPECT_EQ(train.front(), 0);
  EXPECT_EQ(train.back(), 24'999);
  EXPECT_EQ(validation.front(), 25'000);
  EXPECT_EQ(validation.back(), 49'999);
}

TEST(TrainValidationSplit, RoundsDown) {
  EXPECT_EQ(split_train_validation(7, 0.5).first.size(), 3U);
  EXPECT_EQ(split_train_validation(7, 0.5).second.size(), 4U);
}

TEST(TrainValidationSplit, RefusesAnEmptyPart) {
  EXPECT_THROW(split_train_validation(10, 0.0), ConfigError);
  EXPECT_THROW(split_train_validation(10, 1.0), ConfigError);
  EXPECT_THROW(split_train_validation(10, 0.05), ConfigError);
  EXPECT_THROW(split_train_validation(1, 0.5), ConfigError);
}

}  // namespace
}  // namespace sanas
