// SPDX-License-Identifier: Apache-2.0
#include "sanas/optim/nonfinite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "sanas/core/error.h"

namespace sanas {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const TensorList kWeights{torch::ones({2})};
const TensorList kBroken{torch::ones({2}), torch::tensor(std::numeric_limits<float>::infinity())};

auto says(const char* what, const char* more) {
  return testing::ThrowsMessage<NonFiniteError>(AllOf(HasSubstr(what), HasSubstr(more)));
}

UpdateGuard guard_of(NonFinitePolicy policy) { return {policy, "level 'a'", "eat less"}; }

TEST(UpdateGuard, StopsAtOnceWhereNothingIsToBeLeftOut) {
  for (const auto policy : {NonFinitePolicy::kStop, NonFinitePolicy::kRollback}) {
    auto guard = guard_of(policy);
    EXPECT_TRUE(guard.allows(true, kWeights, 6));
    EXPECT_THAT([&] { guard.allows(false, kWeights, 7); },
                says("level 'a' is not finite at step 7", "eat less, or set on_nonfinite"));
  }
}

TEST(UpdateGuard, LeavesOutAsLongAsOtherUpdatesPass) {
  auto guard = guard_of(NonFinitePolicy::kSkip);
  for (int64_t step = 0; step < 40; ++step) {
    const bool finite = step % UpdateGuard::kMostInARow == 0;
    EXPECT_EQ(guard.allows(finite, kWeights, step), finite);
  }
}

TEST(UpdateGuard, GivesUpWhenNoUpdatePassesAnyMore) {
  auto guard = guard_of(NonFinitePolicy::kSkip);
  for (int64_t step = 1; step < UpdateGuard::kMostInARow; ++step) {
    EXPECT_FALSE(guard.allows(false, kWeights, step));
  }
  EXPECT_THAT([&] { guard.allows(false, kWeights, 5); }, says("at step 5", "5th time in a row"));
}

TEST(UpdateGuard, GivesUpAtOnceOnWeightsThatStayNotFinite) {
  auto guard = guard_of(NonFinitePolicy::kSkip);
  EXPECT_THAT([&] { guard.allows(false, kBroken, 3); },
              says("at step 3", "the weights themselves are not"));
}

TEST(CheckFinite, NamesTheWeightsAndTheStep) {
  EXPECT_NO_THROW(check_finite(kWeights, "weights of x", 4));
  EXPECT_THAT([] { check_finite(kBroken, "weights of x", 4); },
              says("the weights of x are not finite", "after step 4"));
}

}  // namespace
}  // namespace sanas
