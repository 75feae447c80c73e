// SPDX-License-Identifier: Apache-2.0
#include "runs/run_folder.h"

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::content_of;
using test::file_error;
using test::TemporaryFolder;
using test::fs::exists;
using testing::HasSubstr;

constexpr auto kCreate = RunFolderMode::kCreate;
constexpr auto kResume = RunFolderMode::kResume;

TEST(RunFolder, CreatesFoldersAndWritesFiles) {
  const TemporaryFolder folder;
  const RunFolder run(folder / "runs/a", kCreate);
  EXPECT_TRUE(test::fs::is_directory(folder / "runs/a/checkpoints"));
  EXPECT_TRUE(test::fs::is_directory(folder / "runs/a/cells"));
  run.write_text("config.yaml", "name: a\n");
  run.write_text("cells/normal.svg", "<svg/>");
  EXPECT_EQ(content_of(folder / "runs/a/config.yaml"), "name: a\n");
  EXPECT_EQ(content_of(run.cells() / "normal.svg"), "<svg/>");
  EXPECT_EQ(run.path("log.txt"), folder / "runs/a/log.txt");
}

TEST(RunFolder, NothingThatIsThereIsOverwritten) {
  const TemporaryFolder folder;
  { RunFolder(folder / "a", kCreate).write_text("config.yaml", "old"); }
  EXPECT_THAT(file_error([&] { RunFolder(folder / "a", kCreate); }),
              HasSubstr("already holds a run; continue it with --resume or choose another --out"));
  EXPECT_EQ(content_of(folder / "a/config.yaml"), "old");

  test::fs::create_directories(folder / "b/notes");
  test::write_content(folder / "b/notes/x.txt", "mine");
  EXPECT_THAT(file_error([&] { RunFolder(folder / "b", kCreate); }),
              HasSubstr("b: holds files already, e.g. notes/x.txt"));
  EXPECT_FALSE(exists(folder / "b/.lock"));
  EXPECT_FALSE(exists(folder / "b/cells"));
}

TEST(RunFolder, ARunThatEndedBeforeItsFirstFileIsNoObstacle) {
  const TemporaryFolder folder;
  { const RunFolder run(folder / "a", kCreate); }
  EXPECT_NO_THROW(RunFolder(folder / "a", kCreate));
}

TEST(RunFolder, ResumingNeedsARun) {
  const TemporaryFolder folder;
  EXPECT_THAT(file_error([&] { RunFolder(folder / "a", kResume); }),
              HasSubstr("a: holds no run to resume"));
  EXPECT_FALSE(exists(folder / "a"));
  { RunFolder(folder / "a", kCreate).write_text("config.yaml", "old"); }
  EXPECT_NO_THROW(RunFolder(folder / "a", kResume));
  EXPECT_EQ(content_of(folder / "a/config.yaml"), "old");
}

TEST(RunFolder, ResumingRemovesHalfWrittenFiles) {
  const TemporaryFolder folder;
  { RunFolder(folder / "a", kCreate).write_text("config.yaml", "x"); }
  test::write_content(folder / "a/checkpoints/.last.sanas-tmp-77", "half");
  const RunFolder run(folder / "a", kResume);
  EXPECT_TRUE(test::fs::is_empty(run.checkpoints()));
}

TEST(RunFolder, ASecondUserIsRefusedUntilTheFirstIsGone) {
  const TemporaryFolder folder;
  auto first = std::make_unique<RunFolder>(folder / "a", kCreate);
  first->write_text("config.yaml", "x");
  EXPECT_THAT(file_error([&] { RunFolder(folder / "a", kResume); }),
              HasSubstr("another process is working in this folder"));
  const RunFolder moved = std::move(*first);
  first.reset();
  EXPECT_THAT(file_error([&] { RunFolder(folder / "a", kResume); }), HasSubstr("another process"));
}

TEST(RunFolder, AKilledProcessLeavesNoLock) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunFolder run(folder / "a", kCreate);
    run.write_text("config.yaml", "x");
    [[maybe_unused]] const auto told = ::write(ready[1], "x", 1);
    for (;;) {
      ::pause();
    }
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THAT(file_error([&] { RunFolder(folder / "a", kResume); }), HasSubstr("another process"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(RunFolder(folder / "a", kResume));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(RunFolder, UnusableFoldersAreNamed) {
  const TemporaryFolder folder;
  test::write_content(folder / "file", "x");
  EXPECT_THAT(file_error([&] { RunFolder(folder / "file", kCreate); }),
              HasSubstr("file: is a file, a run needs a folder"));
  EXPECT_THAT(file_error([&] { RunFolder(folder / "file/a", kCreate); }),
              HasSubstr("file/a: the run folder can't be made: Not a directory"));
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may write everywhere";
  }
  using test::fs::perms;
  test::fs::create_directory(folder / "locked");
  test::fs::permissions(folder / "locked", perms::owner_read | perms::owner_exec);
  EXPECT_THAT(file_error([&] { RunFolder(folder / "locked", kCreate); }),
              HasSubstr("locked: can't be written: Permission denied"));
  EXPECT_THAT(file_error([&] { RunFolder(folder / "locked/a", kCreate); }),
              HasSubstr("locked/a: the run folder can't be made: Permission denied"));
  test::fs::permissions(folder / "locked", perms::owner_all);
}

TEST(RunFolder, NamesCannotLeaveTheFolder) {
  const TemporaryFolder folder;
  const RunFolder run(folder / "a", kCreate);
  EXPECT_THROW(run.path("../b"), c10::Error);
  EXPECT_THROW(run.path("/etc/passwd"), c10::Error);
  EXPECT_THROW(run.path("cells/../../b"), c10::Error);
  EXPECT_THROW(run.path(""), c10::Error);
  EXPECT_EQ(run.path("cells/../log.txt"), folder / "a/log.txt");
}

}  // namespace
}  // namespace sanas
