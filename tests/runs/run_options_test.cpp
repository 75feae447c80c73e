// SPDX-License-Identifier: Apache-2.0
#include "sanas/runs/run_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "runs/run_folder.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::TemporaryFolder;

TEST(RunOptions, DefaultNameHasTheLocalTime) {
  const char* zone = std::getenv("TZ");
  const std::string saved = zone == nullptr ? "" : zone;
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(default_run_folder("cifar100_darts2nd", 1'000'000'000),
            "runs/cifar100_darts2nd-20010909-014640");
  EXPECT_EQ(default_run_folder("../a b", 0), "runs/a-b-19700101-000000");
  EXPECT_EQ(default_run_folder(".größe (γ=0.5)", 0), "runs/größe--γ-0.5--19700101-000000");
  EXPECT_EQ(default_run_folder("-", 0), "runs/run-19700101-000000");
  zone == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", saved.c_str(), 1);
  ::tzset();
}

TEST(RunOptions, WhatIsStartedTwiceInOneSecondGetsTwoFolders) {
  const TemporaryFolder folder;
  const auto before = test::fs::current_path();
  test::fs::current_path(folder.path());
  const auto first = make_run_folder("x", 0);
  const auto second = make_run_folder("x", 0);
  EXPECT_EQ(first, default_run_folder("x", 0));
  EXPECT_EQ(second, first.string() + "-2");
  EXPECT_EQ(make_run_folder("x", 0), first.string() + "-3");
  EXPECT_TRUE(test::fs::is_empty(second));
  RunFolder run(second, RunFolderMode::kCreate);  // an empty one is free
  test::fs::remove_all("runs");
  test::write_content("runs", "a file");
  EXPECT_THAT(test::file_error([] { make_run_folder("x", 0); }), testing::HasSubstr("runs/x-"));
  test::fs::current_path(before);
}

TEST(RunOptions, TheFirstOfSeveralRunsIsThatWhoseConfigurationIsKept) {
  const TemporaryFolder folder;
  EXPECT_EQ(kept_config(folder / "gone"), "");
  EXPECT_EQ(kept_config(folder.path()), "");
  for (const std::string name : {"gamma-1/search", "gamma-0.5/search", "gamma-0.5/search/deeper"}) {
    test::fs::create_directories(folder / name);
    test::write_content(folder / name / "config.yaml", "");
  }
  EXPECT_EQ(kept_config(folder / "gamma-0.5/search/deeper"),
            folder / "gamma-0.5/search/deeper/config.yaml");
  EXPECT_EQ(kept_config(folder.path()), folder / "gamma-0.5/search/config.yaml");
  test::write_content(folder / "gamma-1" / "config.yaml", "");
  EXPECT_EQ(kept_config(folder.path()), folder / "gamma-1/config.yaml");
  test::write_content(folder / "genotype.txt", "");
  EXPECT_EQ(kept_genotype(folder.path()), folder / "genotype.txt");
}

}  // namespace
}  // namespace sanas
