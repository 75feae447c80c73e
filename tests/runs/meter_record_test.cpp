// SPDX-License-Identifier: Apache-2.0
#include "runs/meter_record.h"

#include <gtest/gtest.h>

namespace sanas {
namespace {

/// Two of four images right, and mean loss 0.5.
ClassificationMeter half_right() { return ClassificationMeter::from_state({4, 2.0, 2, 4}); }

TEST(MeterRecord, HasNoNumberForTheMeanOverNothing) {
  JsonRecord record;
  append_means(record, "train", {}, /*top5=*/true);
  EXPECT_TRUE(record.empty());
  EXPECT_EQ(meter_text({}), "–");
}

TEST(MeterRecord, HasTheMeansUnderTheirName) {
  JsonRecord record;
  append_means(record, "train1", half_right());
  EXPECT_EQ(to_json(record), R"({"train1_loss":0.5,"train1_top1":0.5})");
  JsonRecord nameless;
  append_means(nameless, "", half_right(), /*top5=*/true);
  EXPECT_EQ(to_json(nameless), R"({"loss":0.5,"top1":0.5,"top5":1.0})");
  EXPECT_EQ(meter_text(half_right()), "0.5000 (50.00 %)");
}

TEST(MeterRecord, SaysWhatAnAccuracyIsOfOnlyWhereSomethingIsMissing) {
  EXPECT_EQ(skipped_text(22, 0), "");
  EXPECT_NE(skipped_text(22, 8).find("22 images"), std::string::npos);
  EXPECT_NE(skipped_text(22, 8).find('8'), std::string::npos);
}

}  // namespace
}  // namespace sanas
