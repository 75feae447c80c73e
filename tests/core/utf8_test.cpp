// SPDX-License-Identifier: Apache-2.0
#include "core/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace sanas {
namespace {

// The table of well-formed byte sequences in the Unicode standard, chapter 3.9, D92.
TEST(Utf8, KnowsWhatIsACodePoint) {
  EXPECT_EQ(utf8_length("a"), 1U);
  EXPECT_EQ(utf8_length("\xC3\xA9!"), 2U);         // é
  EXPECT_EQ(utf8_length("\xE2\x82\xAC"), 3U);      // €
  EXPECT_EQ(utf8_length("\xF0\x9F\x98\x80"), 4U);  // a face
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("\xC3"), 0U);              // cut off
  EXPECT_EQ(utf8_length("\xA9"), 0U);              // no beginning
  EXPECT_EQ(utf8_length("\xC0\xAF"), 0U);          // overlong
  EXPECT_EQ(utf8_length("\xED\xA0\x80"), 0U);      // a surrogate
  EXPECT_EQ(utf8_length("\xF4\x90\x80\x80"), 0U);  // beyond U+10FFFF
  EXPECT_TRUE(is_utf8("é€"));
  EXPECT_FALSE(is_utf8("caf\xE9"));
}

TEST(Utf8, ControlCharactersAreThoseOfAscii) {
  for (const char c : {'\0', '\t', '\n', '\x1B', '\x1F', '\x7F'}) {
    EXPECT_TRUE(is_control(c)) << static_cast<int>(c);
  }
  for (const char c : {' ', '~', '\x80', '\xFF'}) {
    EXPECT_FALSE(is_control(c)) << static_cast<int>(c);
  }
  EXPECT_TRUE(has_control("a\rb"));
  EXPECT_FALSE(has_control("é b"));
}

TEST(Utf8, APlainLineKeepsWholeCodePoints) {
  EXPECT_EQ(plain_line("a\nb\xE9"
                       "c",
                       10),
            "a-b-c");
  EXPECT_EQ(plain_line("aéé", 4), "aé");
}

TEST(Utf8, QuotesANameInAMessage) {
  EXPECT_EQ(in_quotes("conv.weight"), "'conv.weight'");
  EXPECT_EQ(in_quotes("a\nb\x1B[31m"), "'a?b?[31m'");
  EXPECT_EQ(in_quotes(std::string(120, 'x')), "'" + std::string(120, 'x') + "'");
  EXPECT_EQ(in_quotes(std::string(121, 'x')), "'" + std::string(120, 'x') + "…'");
}

TEST(Utf8, CodePointsAreCounted) {
  EXPECT_EQ(code_points("aé€b"), 4U);
  EXPECT_EQ(code_points(""), 0U);
}

TEST(Utf8, FirstCodePointsAreNotCutInTheMiddle) {
  EXPECT_EQ(first_code_points("aé€b", 3), "aé€");
  EXPECT_EQ(first_code_points("aé", 2), "aé");
  EXPECT_EQ(first_code_points("aé", 9), "aé");
  EXPECT_EQ(first_code_points("aé", 0), "");
}

}  // namespace
}  // namespace sanas
