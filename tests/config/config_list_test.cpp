// SPDX-License-Identifier: Apache-2.0
#include "sanas/config/config_list.h"

#include <filesystem>
#include <fstream>

#include "config/config_test_support.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(DescribedConfig, SaysWhatIsSearched) {
  EXPECT_EQ(describe_config("method: sanas\n"
                            "dataset: {name: cifar100}\n"
                            "supernet: {family: pcdarts, space: s2, channels: 12, cells: 6}\n"
                            "search: {epochs: 7, batch_size: 24}\n"
                            "hypergradient: {order: first}\n",
                            "x.yaml"),
            "search by sanas, first order, on pcdarts, space s2, cifar100: 7 epochs in batches of "
            "24, 12 channels, 6 cells");
}

TEST(DescribedConfig, SaysWhatIsTrained) {
  const std::string training =
      "training on cifar10: 9 epochs in batches of 31, 20 channels, 5 cells, learning rate 0.05, "
      "drop-path 0.25";
  const std::string text =
      "evaluation: {epochs: 9, batch_size: 31, channels: 20, cells: 5, learning_rate: 0.05,\n"
      "             drop_path: 0.25}\n";
  EXPECT_EQ(describe_config(text, "x.yaml"), training);
  const std::string both = describe_config("search: {epochs: 3}\n" + text, "x.yaml");
  EXPECT_THAT(both, StartsWith("search by sanas, second order, on darts, cifar10: 3 epochs"));
  EXPECT_THAT(both, HasSubstr("; " + training));
}

TEST(DescribedConfig, IsRefusedLikeAnyOther) {
  EXPECT_THAT(config_error([] { describe_config("serch: 1\n", "x.yaml"); }), HasSubstr("serch"));
}

class ConfigList : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / "sanas_config_list";
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "first" / "folder.yaml");
    fs::create_directories(folder_ / "second");
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  std::vector<ListedConfig> list() const {
    return list_configs({folder_ / "first", folder_ / "missing", folder_ / "second"});
  }

  fs::path folder_;
};

TEST_F(ConfigList, HasEachNameOnceAsItIsFound) {
  write("second/both.yaml", "search: {epochs: 2}\n");
  write("second/alone.yaml", "search: {epochs: 3}\n");
  write("first/both.yaml", "search: {epochs: 1}\n");
  write("first/notes.txt", "search: {epochs: 4}\n");
  const auto configs = list();
  ASSERT_EQ(configs.size(), 2U);
  EXPECT_EQ(configs[0].name, "alone");
  EXPECT_THAT(configs[0].description, HasSubstr(": 3 epochs"));
  EXPECT_EQ(configs[1].name, "both");
  EXPECT_THAT(configs[1].description, HasSubstr(": 1 epochs"));
}

TEST_F(ConfigList, SaysOfWhatCanNotBeReadWhy) {
  write("first/broken.yaml", "search: {epochs: many}\n");
  const auto configs = list();
  ASSERT_EQ(configs.size(), 1U);
  EXPECT_THAT(configs[0].description, StartsWith("can't be read: "));
  EXPECT_THAT(configs[0].description, HasSubstr("broken.yaml:1"));
  EXPECT_THAT(configs[0].description, Not(HasSubstr("\n")));
}

TEST_F(ConfigList, IsATableOfEvenColumns) {
  EXPECT_EQ(config_table({{"a", "one"}, {"long", "two"}}), "a     one\nlong  two\n");
  EXPECT_EQ(config_table({}), "");
}

}  // namespace
}  // namespace sanas
