// SPDX-License-Identifier: Apache-2.0
#include "genotype/switches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sanas/core/error.h"

namespace sanas {
namespace {

using testing::ElementsAre;
using enum Primitive;

TEST(Switches, SayWhichOperationsAreLeft) {
  const EdgeCandidates whole{{kNone, kMaxPool3x3, kSkipConnect},
                             {kNone, kMaxPool3x3, kSkipConnect}};
  const EdgeCandidates part{{kNone, kSkipConnect}, {kMaxPool3x3, kSkipConnect}};
  const auto on = switches(whole, part);
  EXPECT_EQ(on.scalar_type(), torch::kUInt8);
  EXPECT_TRUE(on.equal(torch::tensor({{1, 0, 1}, {0, 1, 1}}, torch::kUInt8)));
  EXPECT_EQ(switched_on(whole, on), part);
  EXPECT_EQ(switched_on(whole, on.to(torch::kInt64)), part) << "any integer type";
}

TEST(Switches, OfAnotherShapeAreRefused) {
  const EdgeCandidates whole{{kNone, kSkipConnect}};
  EXPECT_THROW(switched_on(whole, torch::ones({1, 3}, torch::kUInt8)), ConfigError);
  EXPECT_THROW(switched_on(whole, torch::ones({2, 2}, torch::kUInt8)), ConfigError);
  EXPECT_THROW(switched_on(whole, torch::ones({2}, torch::kUInt8)), ConfigError);
}

}  // namespace
}  // namespace sanas
