// SPDX-License-Identifier: Apache-2.0
#include "sanas/formats/event_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "formats/tensorboard/crc32c.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::content_of;
using test::file_error;
using test::TemporaryFolder;
using test::write_content;

uint64_t number(const std::string& bytes, size_t at, size_t size) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, size);
  return value;
}

/// The data of all records; fails where lengths or checksums are wrong.
std::vector<std::string> records(const std::string& bytes) {
  std::vector<std::string> result;
  for (size_t at = 0; at < bytes.size();) {
    const uint64_t length = number(bytes, at, 8);
    EXPECT_EQ(number(bytes, at + 8, 4), masked_crc32c(bytes.substr(at, 8)));
    result.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(number(bytes, at + 12 + length, 4), masked_crc32c(result.back()));
    at += 16 + length;
  }
  return result;
}

// From RFC 3720, appendix B.4, and TensorFlow's record format.
TEST(Crc32c, EqualsPublishedValues) {
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(masked_crc32c("123456789"), 0xC78AB0E5U);
  EXPECT_EQ(masked_crc32c(std::string("\x18\0\0\0\0\0\0\0", 8)), 0x224B7FA3U);
}

TEST(EventFile, BeginsWithTheVersionAndTheStartOfASession) {
  const TemporaryFolder folder;
  EventFile events(folder.path(), 300);
  events.flush();
  const auto all = records(content_of(events.path()));
  ASSERT_EQ(all.size(), 2U);
  // wall_time, step 300 as a varint, then file_version or session_log.
  const std::string step("\x10\xAC\x02", 3);
  EXPECT_EQ(all[0].substr(9), step + std::string("\x1A\x0D") + "brain.Event:2");
  EXPECT_EQ(all[1].substr(9), step + std::string("\x3A\x02\x08\x01"));
}

TEST(EventFile, ComesAfterTheOnesThatAreThere) {
  const TemporaryFolder folder;
  write_content(folder / "events.out.tfevents.9000000000.elsewhere.1.0", "");
  const EventFile first(folder.path(), 0);
  const EventFile second(folder.path(), 0);
  EXPECT_GT(first.path().filename().string(), "events.out.tfevents.9000000000.elsewhere.1.0");
  EXPECT_GT(second.path().filename().string(), first.path().filename().string());
}

TEST(EventFile, TakesNoTimeThatNoClockShows) {
  const TemporaryFolder folder;
  write_content(folder / "events.out.tfevents.9223372036854775807.elsewhere.1.0", "");
  write_content(folder / "events.out.tfevents.99999999999999999999.elsewhere.1.0", "");
  const EventFile file(folder.path(), 0);
  const std::string digits = file.path().filename().string().substr(20);
  EXPECT_EQ(digits.find('.'), 10U) << digits;  // seconds since 1970, until 2286
}

TEST(EventFile, WritesEveryHistogramThatHasAFiniteElement) {
  const TemporaryFolder folder;
  const double infinity = std::numeric_limits<double>::infinity();
  EventFile events(folder.path(), 0);
  events.add_histogram(0, "nothing", torch::empty({0}));
  events.add_histogram(0, "none finite", torch::tensor({infinity, -infinity}));
  events.flush();
  EXPECT_EQ(records(content_of(events.path())).size(), 2U);
  events.add_histogram(0, "equal", torch::full({5}, 0.25));
  events.add_histogram(0, "apart", torch::tensor({-1e300, 1e300, infinity}, torch::kFloat64));
  events.flush();
  EXPECT_EQ(records(content_of(events.path())).size(), 4U);
}

TEST(EventFile, ABinHoldsItsUpperLimitAndNotItsLower) {
  const TemporaryFolder folder;
  EventFile events(folder.path(), 0);
  events.add_histogram(0, "whole", torch::arange(31, torch::kFloat64));  // thirty bins of width 1
  events.flush();
  const std::string record = records(content_of(events.path())).back();
  std::vector<double> counts(30);  // the last field
  std::memcpy(counts.data(), record.data() + record.size() - 240, 240);
  std::vector<double> expected(30, 1.0);
  expected.front() = 2.0;  // nothing lies below the smallest
  EXPECT_EQ(counts, expected);
}

TEST(EventFile, NamesAFolderThatIsNotThere) {
  const TemporaryFolder folder;
  const auto message = file_error([&] { EventFile(folder / "missing", 0); });
  EXPECT_NE(message.find("missing"), std::string::npos) << message;
}

}  // namespace
}  // namespace sanas
