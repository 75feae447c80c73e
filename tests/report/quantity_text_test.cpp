// SPDX-License-Identifier: Apache-2.0
#include "report/quantity_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sanas {
namespace {

TEST(ShortNumber, HasFourDigits) {
  EXPECT_EQ(short_number(3.14159265), "3.142");
  EXPECT_EQ(short_number(0.00012345678), "0.0001235");
  EXPECT_EQ(short_number(NAN), "NaN");
  EXPECT_EQ(short_number(-INFINITY), "−∞");
}

TEST(QuantityText, GroupsTheDigitsOfCounts) {
  EXPECT_EQ(count_text(0.0), "0");
  EXPECT_EQ(count_text(999.0), "999");
  EXPECT_EQ(count_text(1234567.0), "1,234,567");
  EXPECT_EQ(count_text(-1234.0), "-1,234");
  EXPECT_EQ(count_text(2e15), "2e+15");
}

TEST(QuantityText, NamesBytesInPowersOf1024) {
  EXPECT_EQ(bytes_text(1023.0), "1023 bytes");
  EXPECT_EQ(bytes_text(1536.0), "1.5 KiB");
  EXPECT_EQ(bytes_text(2.5 * 1024 * 1024), "2.5 MiB");
  EXPECT_EQ(bytes_text(3221225472.0), "3.00 GiB");
}

}  // namespace
}  // namespace sanas
