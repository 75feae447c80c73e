// SPDX-License-Identifier: Apache-2.0
#include "runs/metric_tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runs/complete_records.h"

namespace sanas {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(MetricTags, AMiniBatchOfASearchIsDrawnByLevels) {
  EXPECT_THAT(tagged_values(to_record(test::complete_step(), 0, SearchMethod::kSanas)),
              ElementsAre(Pair("learning_rate/weights", 0.025), Pair("loss/weights1", 1.5),
                          Pair("accuracy/weights1", 0.25), Pair("gradient_norm/weights1", 3.0),
                          Pair("seconds/weights1", 0.125), Pair("loss/weights2", 2.5),
                          Pair("accuracy/weights2", 0.75), Pair("gradient_norm/weights2", 4.0),
                          Pair("seconds/weights2", 0.25), Pair("loss/validation1", 1.25),
                          Pair("hypergradient/total", 5.0), Pair("hypergradient/d1", 0.5),
                          Pair("hypergradient/I1", 2.5), Pair("seconds/architecture", 0.5),
                          Pair("loss/attack", 16.0), Pair("loss/validation2", 2.25),
                          Pair("hypergradient/d2", 1.5), Pair("hypergradient/I2", 3.5),
                          Pair("hypergradient/I3", 4.5), Pair("hypergradient/I4", 5.5)));
}

TEST(MetricTags, AnEpochOfASearchIsDrawnByItsMeans) {
  EXPECT_THAT(tagged_values(to_record(test::complete_epoch(), 0, {}, 0)),
              ElementsAre(Pair("architecture/entropy", 2.0), Pair("architecture/margin", 0.125),
                          Pair("architecture/change", 0.25), Pair("epoch/seconds", 8.0),
                          Pair("epoch/train1_loss", 0.5), Pair("epoch/train1_top1", 0.5),
                          Pair("epoch/train2_loss", 0.5), Pair("epoch/train2_top1", 0.5),
                          Pair("epoch/validation1_loss", 0.5), Pair("epoch/validation1_top1", 0.5),
                          Pair("architecture/eigenvalue", 0.75)));
}

TEST(MetricTags, TheSaliencyOfAnEpochIsDrawn) {
  const auto values = tagged_values(test::complete_epoch_record());
  for (const auto& pair :
       {Pair("saliency/seed_agreement", 0.125), Pair("saliency/saturated", 0.75),
        Pair("saliency/average_precision", 0.375), Pair("saliency/pointing_game", 0.625),
        Pair("share/d2", 0.125), Pair("share/I4", 0.625)}) {
    EXPECT_THAT(values, testing::Contains(pair));
  }
}

TEST(MetricTags, ATrainingIsDrawnToo) {
  EXPECT_THAT(
      tagged_values(to_record(test::complete_training_step())),
      ElementsAre(Pair("loss/train", 1.5), Pair("accuracy/train", 0.25),
                  Pair("learning_rate/weights", 0.025), Pair("drop_path/probability", 0.125),
                  Pair("gradient_norm/weights", 3.0), Pair("seconds/weights", 0.5)));
  // (ln(1 + 1/e) + ln(1 + e)) / 2
  const testing::Matcher<double> tested = testing::DoubleNear(0.8132616875, 1e-6);
  EXPECT_THAT(tagged_values(to_record(test::complete_training_epoch(), 0)),
              ElementsAre(Pair("epoch/seconds", 8.0), Pair("epoch/train_loss", 0.5),
                          Pair("epoch/train_top1", 0.5), Pair("epoch/train_top5", 1.0),
                          Pair("epoch/validation_loss", tested), Pair("epoch/validation_top1", 0.5),
                          Pair("epoch/validation_top5", 1.0), Pair("epoch/test_loss", tested),
                          Pair("epoch/test_top1", 0.5), Pair("epoch/test_top5", 1.0)));
}

TEST(MetricTags, OtherRecordsAreNotDrawn) {
  EXPECT_THAT(tagged_values({{"phase", "rollback"}, {"loss", 1.0}}), IsEmpty());
  EXPECT_THAT(tagged_values({{"loss", 1.0}}), IsEmpty());
}

}  // namespace
}  // namespace sanas
