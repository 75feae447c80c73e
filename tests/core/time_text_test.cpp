// SPDX-License-Identifier: Apache-2.0
#include "core/time_text.h"

#include <gtest/gtest.h>

namespace sanas {
namespace {

TEST(Duration, IsWrittenAsOnAClock) {
  EXPECT_EQ(duration_text(0), "0:00");
  EXPECT_EQ(duration_text(59.6), "1:00");
  EXPECT_EQ(duration_text(3599), "59:59");
  EXPECT_EQ(duration_text(3600), "1:00:00");
  EXPECT_EQ(duration_text(90061), "25:01:01");
  EXPECT_EQ(duration_text(-5), "0:00");
}

TEST(UtcTime, DoesNotDependOnWhereOneIs) {
  // date -u -d @1700000000
  EXPECT_EQ(utc_text(1700000000, "%Y-%m-%dT%H:%M:%SZ"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(utc_text(0, "%Y-%m-%d %H:%M UTC"), "1970-01-01 00:00 UTC");
}

}  // namespace
}  // namespace sanas
