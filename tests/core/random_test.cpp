// SPDX-License-Identifier: Apache-2.0
#include "sanas/core/random.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <bit>
#include <stdexcept>
#include <unordered_set>

namespace sanas {
namespace {

torch::Tensor generator_state() { return at::detail::getDefaultCPUGenerator().get_state(); }

/// Uniform, normal and integer draws: normal ones leave a cached half in the generator.
std::vector<torch::Tensor> draws() {
  return {torch::rand({5}), torch::randn({3}), torch::randn({17}), torch::randint(1000, {4}),
          torch::empty({6}, torch::kDouble).bernoulli_(0.5)};
}

void expect_equal(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(torch::equal(a[i], b[i])) << i;
  }
}

TEST(DeriveSeed, EqualArgumentsGiveEqualSeeds) {
  EXPECT_EQ(derive_seed(2, {1, 7, 3}), derive_seed(2, {1, 7, 3}));
}

TEST(DeriveSeed, IsDistinctOverSeedsStreamsEpochsAndSteps) {
  std::unordered_set<uint64_t> seen;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    for (uint64_t stream = 0; stream < 5; ++stream) {
      for (uint64_t epoch = 0; epoch < 25; ++epoch) {
        for (uint64_t step = 0; step < 200; ++step) {
          seen.insert(derive_seed(seed, {stream, epoch, step}));
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), 4U * 5U * 25U * 200U);
}

TEST(DeriveSeed, DependsOnOrderAndNumberOfCoordinates) {
  EXPECT_NE(derive_seed(2, {1, 2}), derive_seed(2, {2, 1}));
  EXPECT_NE(derive_seed(2, {0}), derive_seed(2, {}));
  EXPECT_NE(derive_seed(2, {0}), derive_seed(2, {0, 0}));
  EXPECT_NE(derive_seed(1, {2}), derive_seed(2, {1}));
  EXPECT_NE(derive_seed(3, {3}), derive_seed(4, {4})) << "seed and coordinate must not cancel";
}

TEST(DeriveSeed, NeighboursDifferInAboutHalfOfTheBits) {
  double bits = 0.0;
  constexpr int kPairs = 2000;
  for (uint64_t step = 0; step < kPairs; ++step) {
    bits += std::popcount(derive_seed(2, {step}) ^ derive_seed(2, {step + 1}));
  }
  // Mean of 64 fair coins over 2000 pairs: 32 with a standard error of 4/√2000 ≈ 0.09.
  EXPECT_NEAR(bits / kPairs, 32.0, 0.5);
}

TEST(SeedEverything, RepeatsTheStream) {
  seed_everything(11);
  const auto first = draws();
  seed_everything(11);
  expect_equal(first, draws());
  seed_everything(12);
  EXPECT_FALSE(torch::equal(first[0], draws()[0]));
}

TEST(ScopedRandomState, GivesTheGeneratorBackInTheMiddleOfANormalPair) {
  seed_everything(3);
  torch::randn({1});  // leaves the second half of a Box–Muller pair behind
  const auto before = generator_state();
  {
    const ScopedRandomState scope;
    draws();
    seed_everything(99);
  }
  EXPECT_TRUE(torch::equal(generator_state(), before));
}

TEST(FrozenRandomness, ReplaysTheSameDraws) {
  std::vector<torch::Tensor> first;
  {
    const FrozenRandomness frozen(5);
    first = draws();
  }
  draws();
  {
    const FrozenRandomness frozen(5);
    expect_equal(first, draws());
  }
  const FrozenRandomness frozen(6);
  EXPECT_FALSE(torch::equal(first[0], draws()[0]));
}

TEST(FrozenRandomness, LeavesTheCallersStreamBitIdentical) {
  seed_everything(8);
  const auto undisturbed = draws();
  seed_everything(8);
  const auto before = generator_state();
  {
    const FrozenRandomness outer(1);
    draws();
    const FrozenRandomness inner(2);
    draws();
  }
  EXPECT_TRUE(torch::equal(generator_state(), before));
  expect_equal(undisturbed, draws());
}

TEST(FrozenRandomness, LeavesTheCallersStreamAlsoWhenAnExceptionPasses) {
  seed_everything(8);
  const auto before = generator_state();
  EXPECT_THROW(
      {
        const FrozenRandomness frozen(1);
        draws();
        throw std::runtime_error("in the middle");
      },
      std::runtime_error);
  EXPECT_TRUE(torch::equal(generator_state(), before));
}

TEST(FrozenRandomness, NestedScopesContinueTheOuterStream) {
  std::vector<torch::Tensor> expected;
  {
    const FrozenRandomness frozen(1);
    draws();
    expected = draws();
  }
  const FrozenRandomness outer(1);
  draws();
  {
    const FrozenRandomness inner(2);
    draws();
  }
  expect_equal(expected, draws());
}

}  // namespace
}  // namespace sanas
