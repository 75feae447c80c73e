// SPDX-License-Identifier: Apache-2.0
#include "formats/delimited_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanas {
namespace {

using testing::ElementsAre;

// RFC 4180, section 2.
TEST(Csv, QuotesWhatWouldBeTakenForSomethingElse) {
  EXPECT_EQ(csv_field("plain text"), "plain text");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_field("cr\r"), "\"cr\r\"");
}

TEST(Csv, FieldsComeBack) {
  for (const char* text : {"plain", "", "a,b", "\"", "say \"hi\", you", "ü"}) {
    EXPECT_THAT(split_fields(csv_field(text) + ",2", ','), ElementsAre(text, "2"));
  }
}

TEST(Csv, EmptyFieldsAndCarriageReturns) {
  EXPECT_THAT(split_fields("", ','), ElementsAre(""));
  EXPECT_THAT(split_fields("a,,b,\r", ','), ElementsAre("a", "", "b", ""));
}

TEST(DelimitedText, OnlyCommasKnowQuotationMarks) {
  EXPECT_THAT(split_fields("\"a\tb\"", '\t'), ElementsAre("\"a", "b\""));
}

}  // namespace
}  // namespace sanas
