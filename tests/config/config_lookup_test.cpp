// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include "config/config_test_support.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ConfigLookUp : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / "sanas_config_look_up";
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "first");
    fs::create_directories(folder_ / "second");
    write("first/both.yaml", "seed: 1\n");
    write("second/both.yaml", "seed: 2\n");
    write("second/cifar10_darts2nd.yaml", "seed: 3\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  uint64_t seed_of(const std::string& name) const {
    return load_config(name, {}, {folder_ / "first", folder_ / "second"}).seed;
  }

  fs::path folder_;
};

TEST_F(ConfigLookUp, TakesTheFirstFolderThatHasTheName) {
  EXPECT_EQ(seed_of("both"), 1U);
  EXPECT_EQ(seed_of("both.yaml"), 1U);
  EXPECT_EQ(seed_of("cifar10_darts2nd"), 3U);
  EXPECT_EQ(seed_of((folder_ / "second" / "both").string()), 2U) << "a path is not looked up";
  EXPECT_EQ(load_config("both", {"seed=9"}, {folder_ / "first"}).seed, 9U);
}

TEST_F(ConfigLookUp, SaysWhereItLookedAndWhatWasMeant) {
  const std::string message = config_error([&] { seed_of("cifar10_dart2nd"); });
  EXPECT_THAT(message, HasSubstr((folder_ / "first").string()));
  EXPECT_THAT(message, HasSubstr((folder_ / "second").string()));
  EXPECT_THAT(message, HasSubstr("did you mean 'cifar10_darts2nd.yaml'?"));
  EXPECT_THAT(config_error([&] { seed_of((folder_ / "first" / "bot").string()); }),
              HasSubstr("did you mean 'both.yaml'?"));
  EXPECT_THAT(config_error([&] { seed_of(""); }), StartsWith("--config: "));
}

}  // namespace
}  // namespace sanas
