// SPDX-License-Identifier: Apache-2.0
#include "files/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "support/temporary_folder.h"

namespace sanas {
namespace {

using testing::HasSubstr;

TEST(FolderLock, LetsOneInAtATime) {
  const test::TemporaryFolder folder;
  std::optional<FolderLock> first;
  first.emplace(folder.path());
  EXPECT_THAT(test::file_error([&] { const FolderLock second(folder.path()); }),
              HasSubstr("another process is working in this folder"));
  first.reset();
  EXPECT_NO_THROW(FolderLock{folder.path()});
}

TEST(FolderLock, FoldersDoNotLockEachOther) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "inner");
  const FolderLock outer(folder.path());
  EXPECT_NO_THROW(FolderLock{folder / "inner"});
}

TEST(FolderLock, NamesAFolderThatIsNotThere) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(test::file_error([&] { const FolderLock lock(folder / "no"); }),
              HasSubstr("no: can't be written: No such file or directory"));
}

}  // namespace
}  // namespace sanas
