// SPDX-License-Identifier: Apache-2.0
#include "runs/rollback.h"

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
  Rollback rollback(NonFinitePolicy::kRollback);
  EXPECT_EQ(rollback.next_step(kError, 7, "a", ""), 8);
  EXPECT_EQ(rollback.next_step(kError, 10, "b", ""), 11);
}

TEST(Rollback, GivesUpWhenOneStateDoesNotHelp) {
  Rollback rollback(NonFinitePolicy::kRollback);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(message_of(rollback, i, "a"), "");
  }
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(message_of(rollback, i, "b"), "");
  }
  EXPECT_EQ(
      message_of(rollback, 5, "b"),
      std::string(kError.what()) +
          "; went back 5 times, without success; --resume with --set on_nonfinite=skip goes on "
          "without such updates; there is no checkpoint yet");
}

/// The end of an epoch is saved, even if none of its mini-batches succeeded.
TEST(Rollback, GivesUpWhereNoMiniBatchSucceedsWhateverIsSavedBetween) {
  Rollback rollback(NonFinitePolicy::kRollback);
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(message_of(rollback, 3 + i, "step-" + std::to_string(i)), "");
  }
  EXPECT_THAT(message_of(rollback, 8, "step-5"), HasSubstr("went back 5 times"));
}

TEST(Rollback, OtherPoliciesEndTheRun) {
  Rollback stop(NonFinitePolicy::kStop);
  EXPECT_EQ(message_of(stop, 3, "a"), std::string(kError.what()) + "; there is no checkpoint yet");
}

}  // namespace
}  // namespace sanas
