// SPDX-License-Identifier: Apache-2.0
#include "data/archive.h"

#include <gmock/gmock.h>

#include "data/data_test_support.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using data_test::message_of;
using data_test::write_file;
using test::TemporaryFolder;
using testing::HasSubstr;
using testing::IsEmpty;

class Archive : public testing::Test {
 protected:
  void SetUp() override {
    if (!archives_are_readable()) {
      GTEST_SKIP() << "built without libarchive";
    }
    write_file(folder_.path() / "inside/a.txt", "first");
    write_file(folder_.path() / "inside/b.bin", std::string(100'000, 'b'));
    write_file(folder_.path() / "inside/deeper/c.txt", "third");
  }

  // Packs inside/ with the system's tar.
  std::filesystem::path pack(const std::string& name) {
    const std::string command =
        "cd '" + folder_.path().string() + "' && tar -caf " + name + " inside";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return folder_.path() / name;
  }

  TemporaryFolder folder_;
};

TEST_F(Archive, MembersAreReadWhateverTheCompression) {
  for (const char* name : {"x.tar", "x.tar.gz", "x.tar.xz"}) {
    auto contents = read_archive(pack(name), {"a.txt", "b.bin", "absent"}, 1 << 20);
    ASSERT_EQ(contents.size(), 2U) << name;
    EXPECT_EQ(std::string(contents["a.txt"].begin(), contents["a.txt"].end()), "first");
    EXPECT_EQ(contents["b.bin"], std::vector<uint8_t>(100'000, 'b'));
  }
}

TEST_F(Archive, WithoutTheMembersGivesNothing) {
  EXPECT_THAT(read_archive(pack("x.tar.gz"), {"absent"}, 1 << 20), IsEmpty());
}

TEST_F(Archive, MembersOfSeveralFoldersAreRefused) {
  EXPECT_EQ(read_archive(pack("x.tar"), {"c.txt"}, 1 << 20).size(), 1U);
  EXPECT_THAT(message_of<DataError>([&] {
                read_archive(pack("x.tar"), {"a.txt", "c.txt"}, 99);
              }),
              HasSubstr("more than one folder"));
}

TEST_F(Archive, MemberLargerThanAllowedIsRefused) {
  EXPECT_THAT(message_of<DataError>([&] { read_archive(pack("x.tar.gz"), {"b.bin"}, 99'999); }),
              HasSubstr("b.bin is larger than 99999"));
}

TEST_F(Archive, TruncatedIsRefused) {
  for (const char* name : {"x.tar", "x.tar.gz", "x.tar.xz"}) {
    const auto archive = pack(name);
    std::filesystem::resize_file(archive, std::filesystem::file_size(archive) * 6 / 10);
    EXPECT_THROW(read_archive(archive, {"a.txt", "b.bin"}, 1 << 20), DataError) << name;
  }
}

TEST_F(Archive, ForeignAndMissingFilesAreRefused) {
  write_file(folder_.path() / "foreign.tar.gz", "this is no archive, whatever its name says");
  EXPECT_THAT(message_of<DataError>(
                  [&] { read_archive(folder_.path() / "foreign.tar.gz", {"a.txt"}, 1 << 20); }),
              HasSubstr("foreign.tar.gz"));
  EXPECT_THROW(read_archive(folder_.path() / "missing.tar.gz", {"a.txt"}, 1 << 20), DataError);
}

}  // namespace
}  // namespace sanas
