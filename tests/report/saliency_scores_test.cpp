// SPDX-License-Identifier: Apache-2.0
#include "report/saliency_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sanas {
namespace {

using testing::HasSubstr;

/// Two columns whose values leave nothing to chance.
std::vector<ColumnScores> scores() {
  ColumnScores pgd;
  pgd.column = "pgd, \"w1\"";
  pgd.images = {"a", "b"};
  pgd.metrics = {{"deletion_area", {0.5, 0.5}}, {"best_iou", {0.25, std::nan("")}}};
  pgd.deletion_curve = {1.0, 0.25};
  pgd.insertion_curve = {0.0, 1.0};
  pgd.randomization = {{"stem", {0.75, 0.75}, {1.0, 1.0}}};
  ColumnScores gradient = pgd;
  gradient.column = "gradient";
  gradient.metrics = {{"best_iou", {std::nan(""), std::nan("")}}};
  gradient.randomization = {};
  return {pgd, gradient};
}

TEST(SaliencyScores, CsvHasALineForEachMetricOfEachColumn) {
  EXPECT_EQ(scores_csv(scores(), {}),
            "column,metric,mean,low,high,count\n"
            "\"pgd, \"\"w1\"\"\",deletion_area,0.5,0.5,0.5,2\n"
            "\"pgd, \"\"w1\"\"\",best_iou,0.25,,,1\n"
            "\"pgd, \"\"w1\"\"\",randomized/stem/rank_correlation,0.75,0.75,0.75,2\n"
            "\"pgd, \"\"w1\"\"\",randomized/stem/ssim,1,1,1,2\n"
            "gradient,best_iou,,,,0\n");
}

TEST(SaliencyScores, ImagesHaveWhatIsDefinedForThem) {
  EXPECT_EQ(image_scores_jsonl(scores()),
            R"({"column":"pgd, \"w1\"","image":"a","deletion_area":0.5,"best_iou":0.25,)"
            R"("randomized/stem/rank_correlation":0.75,"randomized/stem/ssim":1.0})"
            "\n"
            R"({"column":"pgd, \"w1\"","image":"b","deletion_area":0.5,)"
            R"("randomized/stem/rank_correlation":0.75,"randomized/stem/ssim":1.0})"
            "\n"
            R"({"column":"gradient","image":"a"})"
            "\n"
            R"({"column":"gradient","image":"b"})"
            "\n");
}

TEST(SaliencyScores, TextPutsTheColumnsSideBySide) {
  const auto text = scores_text(scores(), {});
  EXPECT_THAT(text,
              HasSubstr("metric                            pgd, \"w1\"             gradient"));
  EXPECT_THAT(text, HasSubstr("deletion_area                     0.500 [0.500, 0.500]  -         "
                              "lower is better\n"));
  EXPECT_THAT(text, HasSubstr("best_iou                          0.250 [undefined]     -         "
                              "higher is better\n"));
}

}  // namespace
}  // namespace sanas
