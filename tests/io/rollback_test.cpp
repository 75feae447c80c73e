// SPDX-License-Identifier: Apache-2.0
#include "sanas/io/rollback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sanas {
namespace {

using testing::HasSubstr;

const NonFiniteError kError("the loss is not finite at step 7");

std::string message_of(Rollback& rollback, int64_t failed, const std::string& state) {
  try {
    rollback.next_step(kError, failed, state, "no/such/file");
  } catch (const NonFiniteError& error) {
    return error.what();
  }
  return "";
}

TEST(Rollback, GoesOnAfterTheMiniBatchThatFailed) {
  Rollback rollback(NonFinitePolicy::kRollback, 10, 25);
  EXPECT_EQ(rollback.next_step(kError, 7, "a", ""), 8);
  EXPECT_EQ(rollback.next_step(kError, 10, "b", ""), 11);
}

TEST(Rollback, TriesTheLastOfAnEpochOrOfTheRunAgain) {
  Rollback rollback(NonFinitePolicy::kRollback, 10, 25);
  EXPECT_EQ(rollback.next_step(kError, 9, "a", ""), 9);
  EXPECT_EQ(rollback.next_step(kError, 24, "b", ""), 24);
}

TEST(Rollback, GivesUpWhenOneStateDoesNotHelp) {
  Rollback rollback(NonFinitePolicy::kRollback, 100, 100);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(message_of(rollback, i, "a"), "");
  }
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(message_of(rollback, i, "b"), "");
  }
  EXPECT_EQ(message_of(rollback, 5, "b"),
            std::string(kError.what()) +
                "; went back 5 times, without success; there is no checkpoint yet");
}

TEST(Rollback, OtherPoliciesEndTheRun) {
  Rollback stop(NonFinitePolicy::kStop, 10, 25);
  EXPECT_EQ(message_of(stop, 3, "a"), std::string(kError.what()) + "; there is no checkpoint yet");
}

}  // namespace
}  // namespace sanas
