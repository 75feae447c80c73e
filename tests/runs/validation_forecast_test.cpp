// SPDX-License-Identifier: Apache-2.0
#include "runs/search/validation_forecast.h"

#include <gtest/gtest.h>

namespace sanas {
namespace {

/// Mini-batches of ten images, a hundred in an epoch.
StepReport step(int64_t index, double seconds_per_pass) {
  StepReport report;
  report.step = index;
  report.steps_in_epoch = 100;
  report.batch_size = 10;
  report.weights1 = LevelReport{.passes = 2, .seconds = 2.0 * seconds_per_pass};
  return report;
}

ValidationForecast forecast(int64_t max_steps, int64_t images) {
  SearchOptions options;
  options.epochs = 1;
  options.max_steps = max_steps;
  return {options, images};
}

TEST(ValidationForecast, IsMadeOnceFromTheFastestOfThreeUpdates) {
  ValidationForecast made = forecast(10, 1600);
  EXPECT_EQ(made.after(step(0, 1.0)), "");
  EXPECT_EQ(made.after(step(1, 0.5)), "");
  // A quarter of 0.05 s for each image.
  EXPECT_EQ(made.after(step(2, 2.0)),
            "search.max_steps ends this search at mini-batch 10; validation on 1600 images follows "
            "and will take about 0:20: --set search.validate_every=0 leaves it out");
  EXPECT_EQ(made.after(step(3, 0.5)), "");
}

TEST(ValidationForecast, IsMadeAtTheLatestAfterTheLastMiniBatch) {
  ValidationForecast made = forecast(1, 1600);
  EXPECT_NE(made.after(step(0, 1.0)).find("will take about 0:40"), std::string::npos);
}

TEST(ValidationForecast, DoesNotCountMiniBatchesThatDidNotTrain) {
  ValidationForecast made = forecast(10, 1600);
  for (int64_t i = 0; i < 3; ++i) {
    StepReport report = step(i, 1.0);
    report.weights1.reset();
    EXPECT_EQ(made.after(report), "");
  }
  EXPECT_EQ(made.after(step(3, 1.0)), "");
}

TEST(ValidationForecast, IsNotMadeWhereTheSearchIsWholeOrNotValidated) {
  for (const auto& [max_steps, images] :
       std::vector<std::pair<int64_t, int64_t>>{{0, 1600}, {100, 1600}, {10, 0}}) {
    ValidationForecast made = forecast(max_steps, images);
    for (int64_t i = 0; i < 4; ++i) {
      EXPECT_EQ(made.after(step(i, 1.0)), "") << max_steps << " " << images;
    }
  }
}

}  // namespace
}  // namespace sanas
