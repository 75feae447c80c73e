// SPDX-License-Identifier: Apache-2.0
#include "sanas/files/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <ostream>
#include <stdexcept>
#include <thread>

#include "core/utf8.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::content_of;
using test::file_error;
using test::TemporaryFolder;
using test::fs::perms;
using testing::HasSubstr;

/// Files longer than `bytes` can't be written in its scope, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &saved_);
    rlimit limit{bytes, saved_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &saved_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit saved_{};
};

TEST(AtomicFile, ReplacesTheContentAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.txt", "first, and longer");
  write_file_atomically(folder / "a.txt", std::string_view("sec\0nd", 6));
  EXPECT_EQ(content_of(folder / "a.txt"), std::string("sec\0nd", 6));
  EXPECT_EQ(folder.count(), 1);
}

// A name of the longest kind is one that a file may have, so it is one that can be written.
TEST(AtomicFile, NamesMayBeAsLongAsTheSystemAllows) {
  const TemporaryFolder folder;
  std::string wide;  // three bytes each
  for (int i = 0; i < 85; ++i) {
    wide += "美";
  }
  for (const std::string& name : {std::string(255, 'x'), wide, std::string(240, '\xff')}) {
    for (const char* content : {"first", "second"}) {
      write_file_atomically(folder / name, content);
      EXPECT_EQ(content_of(folder / name), content);
    }
    link_file_atomically(folder / name, folder / std::string(255, 'y'));
    EXPECT_EQ(content_of(folder / std::string(255, 'y')), "second");
  }
  EXPECT_EQ(folder.count(), 4);
  EXPECT_THAT(file_error([&] { write_file_atomically(folder / std::string(256, 'x'), ""); }),
              HasSubstr("File name too long"));
  EXPECT_EQ(folder.count(), 4);
}

// Some file systems take only names that are UTF-8.
TEST(AtomicFile, NoNameOnTheWayEndsWithinACharacter) {
  const TemporaryFolder folder;
  std::string wide;
  for (int i = 0; i < 83; ++i) {
    wide += "美";
  }
  for (const char* more : {"", "x", "xy", "xyz"}) {  // one of them is cut where a character ends
    write_file_atomically(folder / (more + wide), [&](std::ostream&) {
      for (const auto& entry : test::fs::directory_iterator(folder.path())) {
        EXPECT_TRUE(is_utf8(entry.path().filename().string())) << entry.path();
      }
    });
  }
  EXPECT_EQ(folder.count(), 4);
}

TEST(AtomicFile, StreamsAnyAmountInAnyPieces) {
  const TemporaryFolder folder;
  std::string expected;
  write_file_atomically(folder / "a.bin", [&](std::ostream& stream) {
    // Around the stream's buffer of 64 KiB, by characters, by formatting and in blocks.
    for (const size_t size : {1UL, 65535UL, 65536UL, 65537UL, 3UL, 200000UL}) {
      const std::string block(size, static_cast<char>('a' + size % 26));
      stream << block;
      stream.put('\n');
      stream << size;
      expected += block + "\n" + std::to_string(size);
    }
  });
  EXPECT_EQ(content_of(folder / "a.bin"), expected);
}

TEST(AtomicFile, FullDiskKeepsTheOldFile) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.txt", "old");
  const std::string large(300000, 'x');
  for (const rlim_t limit : {0UL, 1UL, 4096UL, 65536UL, 299999UL}) {
    const FileSizeLimit full(limit);
    const auto message = file_error([&] { write_file_atomically(folder / "a.txt", large); });
    EXPECT_THAT(message, HasSubstr("a.txt: can't be written: File too large"));
    const auto streamed = file_error([&] {
      write_file_atomically(folder / "a.txt", [&](std::ostream& stream) {
        for (const char c : large) {
          stream.put(c);
        }
      });
    });
    EXPECT_EQ(streamed, message);
  }
  EXPECT_EQ(content_of(folder / "a.txt"), "old");
  EXPECT_EQ(folder.count(), 1);
}

TEST(AtomicFile, WriterThatThrowsKeepsTheOldFile) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.txt", "old");
  EXPECT_THROW(write_file_atomically(folder / "a.txt",
                                     [](std::ostream& stream) {
                                       stream << "half";
                                       throw std::out_of_range("stop");
                                     }),
               std::out_of_range);
  EXPECT_EQ(content_of(folder / "a.txt"), "old");
  EXPECT_EQ(folder.count(), 1);
}

TEST(AtomicFile, MissingFolderAndFolderInTheWayAreNamed) {
  const TemporaryFolder folder;
  EXPECT_THAT(file_error([&] { write_file_atomically(folder / "no/a.txt", "x"); }),
              HasSubstr("no/a.txt: can't be written: No such file or directory"));
  test::fs::create_directory(folder / "a");
  EXPECT_THAT(file_error([&] { write_file_atomically(folder / "a", "x"); }),
              HasSubstr("a: can't be replaced: Is a directory"));
  EXPECT_EQ(folder.count(), 1);
}

TEST(AtomicFile, ReadOnlyFolderIsNamed) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root may write everywhere";
  }
  const TemporaryFolder folder;
  test::fs::permissions(folder.path(), perms::owner_read | perms::owner_exec);
  EXPECT_THAT(file_error([&] { write_file_atomically(folder / "a.txt", "x"); }),
              HasSubstr("a.txt: can't be written: Permission denied"));
  test::fs::permissions(folder.path(), perms::owner_all);
}

TEST(AtomicFile, NewFilesFollowTheUmask) {
  const TemporaryFolder folder;
  const mode_t saved = ::umask(027);
  write_file_atomically(folder / "a.txt", "x");
  ::umask(saved);
  EXPECT_EQ(test::fs::status(folder / "a.txt").permissions(),
            perms::owner_read | perms::owner_write | perms::group_read);
}

TEST(AtomicFile, ASecondNameKeepsItsContentWhenTheFirstIsWrittenAnew) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a.txt", "one");
  write_file_atomically(folder / "b.txt", "other");
  link_file_atomically(folder / "a.txt", folder / "b.txt");
  link_file_atomically(folder / "a.txt", folder / "b.txt");  // again: nothing to do
  EXPECT_EQ(test::fs::hard_link_count(folder / "b.txt"), 2U);
  write_file_atomically(folder / "a.txt", "two");
  EXPECT_EQ(content_of(folder / "a.txt"), "two");
  EXPECT_EQ(content_of(folder / "b.txt"), "one");
  EXPECT_EQ(folder.count(), 2);
  EXPECT_THAT(file_error([&] { link_file_atomically(folder / "no", folder / "c.txt"); }),
              HasSubstr("c.txt: can't be written: No such file or directory"));
}

TEST(AtomicFile, LeftoversOfAKilledProcessAreRemovedAndNothingElse) {
  const TemporaryFolder folder;
  test::write_content(folder / ".a.txt.sanas-tmp-123", "half");
  test::write_content(folder / ".hidden", "x");
  test::write_content(folder / "a.sanas-tmp-", "x");
  remove_stale_temporary_files(folder.path());
  EXPECT_FALSE(test::fs::exists(folder / ".a.txt.sanas-tmp-123"));
  EXPECT_EQ(folder.count(), 2);
}

TEST(AtomicFile, APipeIsWrittenToAndNotReplaced) {
  const TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string read;
  std::thread reader([&] { read = content_of(pipe); });
  write_file_atomically(pipe, "content");
  reader.join();
  EXPECT_EQ(read, "content");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

}  // namespace
}  // namespace sanas
