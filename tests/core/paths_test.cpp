// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/paths.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sanas {
namespace {

TEST(Paths, TildeIsTheHomeFolder) {
  const char* before = std::getenv("HOME");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("HOME", "/home/x", 1);
  EXPECT_EQ(expand_home("~"), "/home/x");
  EXPECT_EQ(expand_home("~/data/cifar"), "/home/x/data/cifar");
  for (const char* path : {"", "a/~", "~y/data", "./~/b", "/~"}) {
    EXPECT_EQ(expand_home(path), path);
  }
  ::unsetenv("HOME");
  EXPECT_EQ(expand_home("~/data"), "~/data");
  if (before != nullptr) {
    ::setenv("HOME", kept.c_str(), 1);
  }
}

TEST(Paths, LinkToNothingIsThereByName) {
  const auto link = std::filesystem::path(testing::TempDir()) / "sanas-paths-test-link";
  std::filesystem::remove(link);
  EXPECT_FALSE(name_exists(link));
  std::filesystem::create_symlink("nowhere/at/all", link);
  EXPECT_TRUE(name_exists(link));
  EXPECT_FALSE(std::filesystem::exists(link));
  std::filesystem::remove(link);
}

}  // namespace
}  // namespace sanas
