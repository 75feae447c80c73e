// SPDX-License-Identifier: Apache-2.0
#include "formats/number_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

namespace sanas {
namespace {

TEST(ConfigNumber, FractionsAreTheDoubleThatTheCompilerMakes) {
  EXPECT_EQ(parse_number("8/255"), 8.0 / 255.0);
  EXPECT_EQ(parse_number("2 / 255"), 2.0 / 255.0);
  EXPECT_EQ(parse_number("1/3"), 1.0 / 3.0);
  EXPECT_EQ(parse_number("3.0e-4"), 3e-4);
  EXPECT_EQ(parse_number("-0.1"), -0.1);
}

TEST(ConfigNumber, RefusesWhatIsNoFiniteNumber) {
  for (const char* text : {"", " ", "abc", "1/0", "1/", "/2", "1/2/3", "nan", "inf", "-inf",
                           "1e999", "0x10", "1_000", "1,5", "+1", "1 2", "1.0f", "1/inf"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(ConfigNumber, PrintsPixelUnitsAsFractionsAndOthersInFewestDigits) {
  EXPECT_EQ(format_number(8.0 / 255.0), "8/255");
  EXPECT_EQ(format_number(2.0 / 255.0), "2/255");
  EXPECT_EQ(format_number(0.2), "0.2") << "51/255 is the same number";
  EXPECT_EQ(format_number(0.025), "0.025");
  EXPECT_EQ(format_number(5.0), "5");
  EXPECT_EQ(format_number(0.1 + 0.2), "0.30000000000000004");
}

TEST(ConfigNumber, ReadsBackBitForBit) {
  for (int i = 0; i < 20'000; ++i) {
    const double value =
        std::sin(0.7 * i) * std::pow(10.0, i % 600 - 300) + (i % 3 == 0 ? i / 255.0 : 0.0);
    const std::string text = format_number(value);
    const auto read = parse_number(text);
    ASSERT_TRUE(read.has_value()) << text;
    ASSERT_EQ(*read, value) << text;
    if (text.find('/') == std::string::npos) {
      ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    }
  }
}

}  // namespace
}  // namespace sanas
