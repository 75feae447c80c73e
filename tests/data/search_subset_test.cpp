// SPDX-License-Identifier: Apache-2.0
#include "data/search_subset.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "data/data_test_support.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using data_test::FormulaDataset;
using data_test::message_of;
using data_test::write_file;
using test::TemporaryFolder;
using testing::HasSubstr;

std::vector<int> count_labels(const Dataset& dataset, const std::vector<int64_t>& indices) {
  std::vector<int> counts(dataset.info().classes.size());
  for (const int64_t index : indices) {
    ++counts[dataset.label(index)];
  }
  return counts;
}

// FormulaDataset(3000, 2) has 1500 images of each class: 150 and 37.5 -> 38 of each are drawn.
TEST(SearchSubset, DrawsTheShareOfEachClass) {
  const FormulaDataset dataset(3000, 2);
  const SearchSubset subset = draw_search_subset(dataset, {});
  EXPECT_EQ(count_labels(dataset, subset.train), std::vector<int>(2, 150));
  EXPECT_EQ(count_labels(dataset, subset.validation), std::vector<int>(2, 38));
}

TEST(SearchSubset, PartsAreDisjointSortedAndWithoutRepetition) {
  const FormulaDataset dataset(3000, 2);
  const SearchSubset subset = draw_search_subset(dataset, {0.5, 0.5, 3});
  std::set<int64_t> all(subset.train.begin(), subset.train.end());
  all.insert(subset.validation.begin(), subset.validation.end());
  EXPECT_EQ(all.size(), 3000U);
  EXPECT_TRUE(std::is_sorted(subset.train.begin(), subset.train.end()));
  EXPECT_TRUE(std::is_sorted(subset.validation.begin(), subset.validation.end()));
}

TEST(SearchSubset, IsAFunctionOfTheSeed) {
  const FormulaDataset dataset(3000, 2);
  EXPECT_EQ(draw_search_subset(dataset, {0.1, 0.025, 1}).train,
            draw_search_subset(dataset, {0.1, 0.025, 1}).train);
  EXPECT_NE(draw_search_subset(dataset, {0.1, 0.025, 1}).train,
            draw_search_subset(dataset, {0.1, 0.025, 2}).train);
}

TEST(SearchSubset, EveryImageIsEquallyLikely) {
  // 2000 draws of 10 of 100: each image is drawn 200 ± 13.4 times.
  const FormulaDataset dataset(100, 1);
  std::vector<int> drawn(100);
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    for (const int64_t index : draw_search_subset(dataset, {0.1, 0.1, seed}).validation) {
      ++drawn[index];
    }
  }
  const auto [low, high] = std::minmax_element(drawn.begin(), drawn.end());
  EXPECT_GT(*low, 200 - 5 * 13.4);
  EXPECT_LT(*high, 200 + 5 * 13.4);
}

TEST(SearchSubset, RefusesImpossiblePortions) {
  EXPECT_THROW(draw_search_subset(FormulaDataset(100, 2), {0.8, 0.3, 0}), ConfigError);
  EXPECT_THROW(draw_search_subset(FormulaDataset(100, 2), {0.0, 0.3, 0}), ConfigError);
  EXPECT_THAT(message_of<DataError>([] { draw_search_subset(FormulaDataset(2, 2), {}); }),
              HasSubstr("class class 0 has 1 images"));
}

class SearchSubsetFile : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "subset.txt";
  FormulaDataset dataset_{400, 2};
};

TEST_F(SearchSubsetFile, ReadsWhatWasWritten) {
  const SearchSubset written = draw_search_subset(dataset_, {0.1, 0.05, 9});
  write_file(file_, search_subset_text(dataset_, written));
  const SearchSubset read = read_search_subset(file_, dataset_);
  EXPECT_EQ(read.train, written.train);
  EXPECT_EQ(read.validation, written.validation);
}

TEST_F(SearchSubsetFile, DataThatChangedIsRefused) {
  write_file(file_, search_subset_text(dataset_, draw_search_subset(dataset_, {})));
  EXPECT_THAT(message_of<DataError>([&] { read_search_subset(file_, FormulaDataset(401, 2)); }),
              HasSubstr("was written for other data"));
  EXPECT_THROW(read_search_subset(file_, FormulaDataset(400, 3)), DataError);  // other labels
}

TEST_F(SearchSubsetFile, MalformedFilesAreRefusedWithTheirLine) {
  EXPECT_THAT(message_of<FileError>([&] { read_search_subset(file_, dataset_); }),
              HasSubstr("no such file"));
  write_file(file_, "something else\n");
  EXPECT_THAT(message_of<FileError>([&] { read_search_subset(file_, dataset_); }),
              HasSubstr("subset.txt:1: expected 'sanas search subset 1'"));

  write_file(file_, search_subset_text(dataset_, {{0, 1}, {2}}));
  std::ifstream stream(file_);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  write_file(file_, text.substr(0, text.size() - 3));
  EXPECT_THAT(message_of<FileError>([&] { read_search_subset(file_, dataset_); }),
              HasSubstr("subset.txt:7:"));
  write_file(file_, text.replace(text.find("#1\n"), 2, "#x"));
  EXPECT_THAT(message_of<FileError>([&] { read_search_subset(file_, dataset_); }),
              HasSubstr("subset.txt:5: expected the name of a sample"));
}

}  // namespace
}  // namespace sanas
