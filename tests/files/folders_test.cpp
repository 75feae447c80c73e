// SPDX-License-Identifier: Apache-2.0
#include "files/folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "sanas/core/error.h"
#include "support/damage.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

namespace fs = std::filesystem;

TEST(MakeFolder, MakesAllThatItLiesIn) {
  const test::TemporaryFolder folder;
  make_folder(folder.path() / "a" / "b");
  make_folder(folder.path() / "a" / "b");  // is there
  EXPECT_TRUE(fs::is_directory(folder.path() / "a" / "b"));
}

TEST(MakeFolder, SaysWhatCannotBeMade) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "text";
  EXPECT_THAT(test::file_error([&] { make_folder(folder.path() / "file" / "a", "the album"); }),
              testing::HasSubstr("file/a: the album can't be made: Not a directory"));
}

TEST(IsFile, IsTrueOfFilesAndLinksToThemOnly) {
  const test::TemporaryFolder folder;
  test::write_content(folder / "file", "text");
  fs::create_symlink("file", folder / "link");
  fs::create_symlink("gone", folder / "broken");
  EXPECT_TRUE(is_file(folder / "file"));
  EXPECT_TRUE(is_file(folder / "link"));
  EXPECT_FALSE(is_file(folder / "broken"));
  EXPECT_FALSE(is_file(folder / "gone"));
  EXPECT_FALSE(is_file(folder.path()));
  EXPECT_FALSE(is_file(folder / "file" / "inside"));
  EXPECT_FALSE(is_file(folder / std::string(300, 'x')));  // too long a name for a file system
}

TEST(SafeName, HasNothingThatAShellOrADiskGivesAMeaning) {
  EXPECT_EQ(safe_name("cifar10_darts-2nd", NameCharacters::kNoOther), "cifar10_darts-2nd");
  EXPECT_EQ(safe_name("a b/c*d'e\n", NameCharacters::kNoOther), "a-b-c-d-e-");
  EXPECT_EQ(safe_name("../a:b", NameCharacters::kReadable), "..-a-b");
}

TEST(SafeName, KeepsOtherScriptsAndDotsWhereAsked) {
  EXPECT_EQ(safe_name("größe γ=0.5", NameCharacters::kReadable), "größe-γ-0.5");
  EXPECT_EQ(safe_name("ü.5", NameCharacters::kNoOther), "---5");  // each of two bytes, and a dot
}

TEST(InnerPath, LeadsNowhereElse) {
  EXPECT_TRUE(is_inner_path("a/b"));
  EXPECT_TRUE(is_inner_path("a/../b"));
  EXPECT_TRUE(is_inner_path("."));
  EXPECT_FALSE(is_inner_path(""));
  EXPECT_FALSE(is_inner_path("../a"));
  EXPECT_FALSE(is_inner_path("a/../../b"));
  EXPECT_FALSE(is_inner_path("/a"));
}

}  // namespace
}  // namespace sanas
