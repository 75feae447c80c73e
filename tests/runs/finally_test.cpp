// SPDX-License-Identifier: Apache-2.0
#include "runs/finally.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sanas {
namespace {

TEST(DoFinally, DoesTheLastThingOnceHoweverTheWorkEnds) {
  int ends = 0;
  const auto last = [&] { ++ends; };
  EXPECT_EQ(do_finally([] { return 7; }, last), 7);
  EXPECT_EQ(ends, 1);
  const auto fail = []() -> int { throw std::runtime_error("failed"); };
  EXPECT_THROW(do_finally(fail, last), std::runtime_error);
  EXPECT_EQ(ends, 2);
}

/// What the last thing itself throws is no reason to do it again.
TEST(DoFinally, PassesOnWhatTheLastThingThrows) {
  int ends = 0;
  const auto last = [&] {
    ++ends;
    throw std::runtime_error("failed");
  };
  EXPECT_THROW(do_finally([] { return 7; }, last), std::runtime_error);
  EXPECT_EQ(ends, 1);
}

}  // namespace
}  // namespace sanas
