// SPDX-License-Identifier: Apache-2.0
#include "sanas/data/dataset.h"

#include <gmock/gmock.h>

#include "data/data_test_support.h"
#include "sanas/data/loader.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using data_test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(DatasetRegistry, KnowsItsNamesInOrder) {
  EXPECT_THAT(dataset_names(),
              ElementsAre("cifar10", "cifar100", "fashion_mnist", "folder", "imagenet"));
}

TEST(DatasetRegistry, EveryDataSetSaysWhatItMisses) {
  for (const std::string& name : dataset_names()) {
    if (name == "fashion_mnist") {
      continue;  // it may be installed on this machine
    }
    EXPECT_THAT(message_of<DataError>([&] {
                  open_dataset({name, "no/data"}, Split::kTrain);
                }),
                HasSubstr("no/data"))
        << name;
  }
}

TEST(DatasetRegistry, UnknownNameListsTheKnownOnes) {
  EXPECT_THAT(message_of<ConfigError>([] {
                open_dataset({"cifar", "x"}, Split::kTrain);
              }),
              HasSubstr("unknown data set 'cifar'; known are cifar10, cifar100, fashion_mnist"));
}

TEST(DatasetRegistry, RefusesANegativeSubset) {
  EXPECT_THROW(open_dataset({"cifar10", "x", -1}, Split::kTrain), ConfigError);
}

TEST(DatasetRegistry, PlaceThatCannotBeLookedAtIsADataError) {
  const test::TemporaryFolder folder;
  const auto loop = folder.path() / "loop";
  std::filesystem::create_symlink("loop", loop);
  for (const std::string& name : dataset_names()) {
    EXPECT_THAT(message_of<DataError>([&] {
                  open_dataset({name, loop}, Split::kTrain);
                }),
                HasSubstr("loop"))
        << name;
  }
}

TEST(DatasetSplit, HasNames) {
  for (const Split split : {Split::kTrain, Split::kTest}) {
    EXPECT_EQ(split_from_string(to_string(split)), split);
  }
  EXPECT_THROW(split_from_string("validation"), ConfigError);
}

// clang-format off
// [example]
/// Chess boards (label 0) and stripes (label 1) of 8×8, drawn on demand.
class Patterns : public Dataset {
 public:
  explicit Patterns(int64_t count) : count_(count) {
    info_.name = "patterns";
    info_.classes = {"board", "stripes"};
    info_.mean = {0.5, 0.5, 0.5};
    info_.std = {0.5, 0.5, 0.5};
    info_.height = info_.width = 8;
  }

  int64_t size() const override { return count_; }

  Image image(int64_t index, int64_t /*short_side*/) const override {
    Image image(8, 8, 3);
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 8; ++x) {
        const bool white = (label(index) == 0 ? x + y : x) % 2 == 0;
        std::fill_n(image.row(y) + 3 * x, 3, white ? 255 : 0);
      }
    }
    return image;
  }

  int64_t label(int64_t index) const override { return index % 2; }
  const DatasetInfo& info() const override { return info_; }

 private:
  int64_t count_;
  DatasetInfo info_;
};

std::unique_ptr<Dataset> open_patterns(const DatasetOptions&, Split split) {
  return std::make_unique<Patterns>(split == Split::kTrain ? 1000 : 100);
}
// [example]
// clang-format on

TEST(DatasetExample, OfTheDocumentationLoads) {
  const auto patterns = open_patterns({}, Split::kTest);
  DataLoader loader(*patterns, {0, 1, 2, 3}, AugmentOptions::none(),
                    {.batch_size = 4, .shuffle = false});
  loader.start_epoch(0);
  const Batch batch = *loader.next();
  EXPECT_EQ(batch.images[0].sum().item<float>(), 3 * 32);
  EXPECT_EQ(batch.images[1][0].sum(0)[2].item<float>(), 8);
  EXPECT_EQ(batch.images[1][0].sum(0)[3].item<float>(), 0);
}

TEST(DatasetExample, IsTheOneOfTheDocumentation) {
  const auto source = data_test::folder_from_environment("SANAS_SOURCE_DIR");
  if (source.empty()) {
    GTEST_SKIP() << "SANAS_SOURCE_DIR is not set";
  }
  const auto read = [&](const char* file) {
    std::ifstream stream(source / file);
    return std::string{std::istreambuf_iterator<char>(stream), {}};
  };
  const std::string test = read("tests/data/dataset_test.cpp");
  const std::string mark = "// [example]\n";
  const size_t begin = test.find(mark) + mark.size();
  const std::string example = test.substr(begin, test.find(mark, begin) - begin);
  EXPECT_GT(example.size(), 500U);
  EXPECT_THAT(read("docs/datasets.md"), HasSubstr(example));
}

}  // namespace
}  // namespace sanas
