// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "sanas/core/error.h"

namespace sanas {
namespace {

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::path(testing::TempDir()) / "sanas_log_test.txt";
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string content() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  std::filesystem::path path_;
};

/// Checkpoints and metrics say what is wrong with the disk, in one line.
TEST_F(LogTest, ADiskThatIsFullIsNotToldByTheLog) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full";
  }
  testing::internal::CaptureStderr();
  Log log;
  log.add_file("/dev/full");
  log.info("a line");
  log.flush();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a line\n");
}

TEST_F(LogTest, WritesLinesAsTheyAreToStandardError) {
  testing::internal::CaptureStderr();
  Log log;
  log.info("100 % of {braces} and %v patterns");
  log.flush();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "100 % of {braces} and %v patterns\n");
}

TEST_F(LogTest, QuietKeepsWarningsAndErrors) {
  testing::internal::CaptureStderr();
  Log log(/*quiet=*/true);
  log.info("not shown");
  log.warn("careful");
  log.error("broken");
  log.flush();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "careful\nbroken\n");
}

TEST_F(LogTest, AppendsEveryLineWithItsTimeToTheFile) {
  testing::internal::CaptureStderr();
  std::ofstream(path_) << "from before\n";
  {
    Log log(/*quiet=*/true);
    log.info("too early for the file");
    log.add_file(path_);
    log.info("epoch 0");
    log.warn("careful");
  }
  testing::internal::GetCapturedStderr();
  const std::string time = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}";
  EXPECT_TRUE(std::regex_match(content(), std::regex("from before\n" + time + " info epoch 0\n" +
                                                     time + " warning careful\n")))
      << content();
}

TEST_F(LogTest, NamesAFileThatCantBeOpened) {
  Log log(/*quiet=*/true);
  const std::string path = "/proc/no_such_folder/log.txt";
  try {
    log.add_file(path);
    FAIL() << "no exception";
  } catch (const FileError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith(path + ": can't be opened"));
  }
}

}  // namespace
}  // namespace sanas
