// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "sanas/core/random.h"

namespace sanas {
namespace {

// The first numbers of SplitMix64 with seed 1234567 as published with the algorithm's test vectors.
TEST(CounterRandom, MixIsTheFunctionOfSplitMix64) {
  constexpr uint64_t kPublished[] = {6457827717110365317ULL, 3203168211198807973ULL,
                                     9817491932198370423ULL, 4593380528125082431ULL,
                                     16408922859458223821ULL};
  uint64_t state = 1234567;
  for (const uint64_t expected : kPublished) {
    EXPECT_EQ(mix64(state += kMixStep), expected);
  }
}

TEST(CounterRandom, EqualCoordinatesGiveEqualStreams) {
  CounterRandom a(1, 2, 3);
  CounterRandom b(1, 2, 3);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(a.bits(), b.bits());
  }
}

TEST(CounterRandom, NeighbouringCoordinatesGiveDifferentStreams) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (uint64_t epoch = 0; epoch < 20; ++epoch) {
      for (uint64_t index = 0; index < 20; ++index) {
        first.insert(CounterRandom(seed, epoch, index).bits());
      }
    }
  }
  EXPECT_EQ(first.size(), 8000U);
}

TEST(CounterRandom, FirstDrawsOfNeighbouringStreamsAreUniform) {
  // Chi-square of 10 bins over 100,000 streams: 9 degrees of freedom, 99.99 % quantile 33.7.
  std::vector<int> bins(10);
  for (uint64_t index = 0; index < 100'000; ++index) {
    ++bins[CounterRandom(0, 0, index).below(10)];
  }
  double chi_square = 0;
  for (const int count : bins) {
    chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
  }
  EXPECT_LT(chi_square, 33.7);
}

TEST(CounterRandom, UniformHasTheMomentsOfItsInterval) {
  CounterRandom random(7, 0, 0);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.uniform(-1, 3);
    ASSERT_GE(value, -1);
    ASSERT_LT(value, 3);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kDraws;
  EXPECT_NEAR(mean, 1.0, 4 * (4 / std::sqrt(12.0)) / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws - mean * mean, 16.0 / 12, 0.02);
}

TEST(CounterRandom, BelowStaysBelowForEveryBound) {
  CounterRandom random(3, 1, 4);
  for (uint64_t bound = 1; bound < 50; ++bound) {
    for (int i = 0; i < 50; ++i) {
      ASSERT_LT(random.below(bound), bound);
    }
  }
  EXPECT_LT(random.below((1ULL << 63) + 1), (1ULL << 63) + 1);
}

}  // namespace
}  // namespace sanas
