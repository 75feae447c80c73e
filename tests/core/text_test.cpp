// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sanas/core/error.h"

namespace sanas {
namespace {

class ReadTextFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / "sanas_text_test";
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& content) const {
    const auto path = folder_ / "file.txt";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::filesystem::path folder_;
};

TEST(Nearest, FindsTheFewestEdits) {
  const std::vector<std::string> operations{"sep_conv_3x3", "sep_conv_5x5", "skip_connect"};
  EXPECT_EQ(nearest("sep_conv_5x4", operations), "sep_conv_5x5");
  EXPECT_EQ(nearest("skipconnect", operations), "skip_connect");
  EXPECT_EQ(nearest("skip_connect", operations), "skip_connect");
  EXPECT_EQ(nearest("learnig_rate", {"momentum", "learning_rate", "min_learning_rate"}),
            "learning_rate");
}

TEST(Nearest, CountsInsertionsDeletionsAndSubstitutionsAlike) {
  // kitten → sitting takes three edits, kitten → kit three as well: the first one named wins.
  EXPECT_EQ(nearest("kitten", {"sitting", "kit"}), "sitting");
  EXPECT_EQ(nearest("kitten", {"kit", "sitting"}), "kit");
  EXPECT_EQ(nearest("kitten", {"sitting", "kite"}), "kite");
}

TEST(Nearest, OfNothingIsEmpty) { EXPECT_EQ(nearest("x", {}), ""); }

TEST(Join, PutsSeparatorsBetweenAllParts) {
  EXPECT_EQ(join({}), "");
  EXPECT_EQ(join({"a"}), "a");
  EXPECT_EQ(join({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(join({"", "b", ""}, "|"), "|b|");
}

TEST(OnOneLine, MakesSpacesOfControlCharacters) {
  EXPECT_EQ(on_one_line("one\ntwo\r\n\tthree\x1B[2J\x7F"), "one two   three [2J ");
  EXPECT_EQ(on_one_line("é stays"), "é stays");
}

TEST_F(ReadTextFile, ReturnsEveryByte) {
  const std::string content("line\r\n\0tail", 11);
  EXPECT_EQ(read_text_file(write(content)), content);
  EXPECT_EQ(read_text_file(write("")), "");
}

TEST_F(ReadTextFile, NamesAMissingFile) {
  const auto path = folder_ / "absent.txt";
  try {
    read_text_file(path);
    FAIL() << "no exception";
  } catch (const FileError& error) {
    EXPECT_EQ(error.what(), path.string() + ": no such file");
  }
  EXPECT_THROW(read_text_file(folder_), FileError) << "a folder is no text file";
}

TEST_F(ReadTextFile, RefusesMoreThanTheLimit) {
  const auto path = write("12345");
  EXPECT_EQ(read_text_file(path, 5), "12345");
  EXPECT_THROW(read_text_file(path, 4), FileError);
}

}  // namespace
}  // namespace sanas
