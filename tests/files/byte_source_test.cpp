// SPDX-License-Identifier: Apache-2.0
#include "files/byte_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <limits>

#include "support/temporary_folder.h"

namespace sanas {
namespace {

using testing::HasSubstr;

void reads_what_is_there(const ByteSource& source) {
  EXPECT_EQ(source.size(), 5U);
  EXPECT_EQ(source.read_text(0, 5), "01234");
  EXPECT_EQ(source.read_text(3, 2), "34");
  EXPECT_EQ(source.read_text(5, 0), "");
  std::array<char, 2> bytes{};
  source.read(1, bytes.data(), bytes.size());
  EXPECT_EQ(std::string(bytes.data(), bytes.size()), "12");
  constexpr uint64_t kLargest = std::numeric_limits<uint64_t>::max();
  for (const auto& [offset, count] :
       {std::pair<uint64_t, uint64_t>{4, 2}, {6, 0}, {kLargest, 1}, {1, kLargest}, {0, kLargest}}) {
    EXPECT_THAT(test::file_error([&, o = offset, c = count] { source.read_text(o, c); }),
                HasSubstr("is truncated: " + std::to_string(count) + " bytes expected at byte " +
                          std::to_string(offset) + ", the end is at byte 5"));
  }
}

TEST(ByteSource, OfAFile) {
  const test::TemporaryFolder folder;
  test::write_content(folder / "file", "01234");
  reads_what_is_there(FileSource(folder / "file"));
}

TEST(ByteSource, OfMemory) { reads_what_is_there(MemorySource("memory", "01234")); }

TEST(ByteSource, FilesThatGetShorterAreNamed) {
  const test::TemporaryFolder folder;
  test::write_content(folder / "file", "01234");
  const FileSource source(folder / "file");
  std::filesystem::resize_file(folder / "file", 3);
  EXPECT_THAT(test::file_error([&] { source.read_text(0, 5); }),
              HasSubstr("file: got shorter while it was read"));
}

TEST(ByteSource, OnlyRegularFilesAreOpened) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const char* name : {"pipe", "."}) {
    EXPECT_THAT(test::file_error([&] { const FileSource source(folder / name); }),
                HasSubstr("is not a regular file"));
  }
  EXPECT_THAT(test::file_error([&] { const FileSource source(folder / "no"); }),
              HasSubstr("no: can't be opened: No such file or directory"));
}

}  // namespace
}  // namespace sanas
