// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "support/temporary_folder.h"

namespace sanas {
namespace {

/// The names in report/run_files.h.
std::vector<std::string> names_in(const std::string& header) {
  const std::regex literal("= \"([^\"]+)\";");
  std::vector<std::string> names;
  for (std::sregex_iterator it(header.begin(), header.end(), literal), end; it != end; ++it) {
    names.push_back((*it)[1]);
  }
  return names;
}

TEST(RunFiles, AreOnThePageOfRunFolders) {
  const char* source = std::getenv("SANAS_SOURCE_DIR");
  if (source == nullptr) {
    GTEST_SKIP() << "SANAS_SOURCE_DIR is not set";
  }
  const test::fs::path folder = source;
  const std::string page = test::content_of(folder / "docs" / "run_folder.md");
  const auto names = names_in(test::content_of(folder / "src" / "report" / "run_files.h"));
  ASSERT_GT(names.size(), 20U);
  for (const std::string& name : names) {
    // As a file or folder of its own, or the last part of a path.
    const std::regex mention("[`/]" + name + "[`/]");
    EXPECT_TRUE(std::regex_search(page, mention)) << name;
  }
}

}  // namespace
}  // namespace sanas
