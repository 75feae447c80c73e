// SPDX-License-Identifier: Apache-2.0
#include "sanas/search/early_stopping.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

namespace sanas {
namespace {

/// Measures every second epoch, as method §10 says, until the rule stops or `epochs` are over.
EarlyStopping measured(const EigenvalueOptions& options, int64_t epochs,
                       const std::function<double(int64_t)>& eigenvalue) {
  EarlyStopping rule(options);
  for (int64_t epoch = 0; epoch < epochs && !rule.stopped_at(); epoch += 2) {
    rule.add({epoch, eigenvalue(epoch), "genotype of epoch " + std::to_string(epoch)});
  }
  return rule;
}

TEST(EarlyStopping, NeverStopsAConstantOrAFallingEigenvalue) {
  EXPECT_FALSE(measured({}, 50, [](int64_t) { return 0.2; }).stopped_at());
  EXPECT_FALSE(measured({}, 50, [](int64_t epoch) {
                 return 1.0 / (1.0 + static_cast<double>(epoch));
               }).stopped_at());
}

// By hand: with window 5 the average after epoch e stands for epoch e − 4, and delta 4 compares it
// with the one for epoch e − 12. The earlier one must be at least epoch 10, so the first test comes
// after epoch 22, whatever happened before.
TEST(EarlyStopping, WaitsForTheStartEpochAndGoesBackToTheEarlierGenotype) {
  const auto rule =
      measured({}, 50, [](int64_t epoch) { return 1.0 + 0.5 * static_cast<double>(epoch); });
  ASSERT_TRUE(rule.stopped_at());
  EXPECT_EQ(rule.measurements().back().epoch, 22);
  EXPECT_EQ(rule.stopped_at()->epoch, 10);
  EXPECT_EQ(rule.stopped_at()->genotype, "genotype of epoch 10");
}

// A jump by a factor 2 at epoch 30: averages of five reach 1.3 times the old level once two of
// them are after it (1.4), that is after epoch 32; the average 4 measurements earlier was flat, and
// it stands for epoch 32 − 4 − 8 = 20.
TEST(EarlyStopping, AveragesOverTheWindow) {
  const auto rule = measured({}, 50, [](int64_t epoch) { return epoch < 30 ? 1.0 : 2.0; });
  ASSERT_TRUE(rule.stopped_at());
  EXPECT_EQ(rule.measurements().back().epoch, 32);
  EXPECT_EQ(rule.stopped_at()->epoch, 20);
}

TEST(EarlyStopping, GrowthByExactlyTheFactorIsAllowed) {
  EigenvalueOptions options;
  options.window = 1;
  options.factor = 2.0;
  options.delta = 1;
  options.start_epoch = 0;
  EXPECT_FALSE(measured(options, 8, [](int64_t epoch) {
                 return std::ldexp(1.0, static_cast<int>(epoch / 2));
               }).stopped_at());
  EXPECT_TRUE(measured(options, 8, [](int64_t epoch) {
                return std::ldexp(1.0, static_cast<int>(epoch));
              }).stopped_at());
}

}  // namespace
}  // namespace sanas
