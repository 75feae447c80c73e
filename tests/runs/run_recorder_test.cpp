// SPDX-License-Identifier: Apache-2.0
#include "runs/run_recorder.h"

#include <gtest/gtest.h>

#include "runs/complete_records.h"
#include "support/temporary_folder.h"

namespace sanas {
namespace {

using test::content_of;

class NoImages : public Dataset {
 public:
  NoImages() { info_.height = info_.width = 16; }
  int64_t size() const override { return 0; }
  Image image(int64_t /*index*/, int64_t /*short_side*/) const override { return {1, 1, 3}; }
  int64_t label(int64_t /*index*/) const override { return 0; }
  const DatasetInfo& info() const override { return info_; }

 private:
  DatasetInfo info_;
};

/// The recorder of a training after 100 mini-batches of others, of which one was skipped before.
class RunRecorderTest : public testing::Test {
 protected:
  std::string metrics() const { return content_of(session_.folder().path("metrics.jsonl")); }
  std::string events() {
    watch_.events.flush();
    return content_of(watch_.events.path());
  }
  std::string log() {
    log_.flush();
    return content_of(session_.folder().path("log.txt"));
  }

  test::TemporaryFolder folder_;
  Log log_{/*quiet=*/true};
  RunSession session_{SessionKind::kTraining, Config(),
                      RunOptions{.out = folder_ / "run", .quiet = true}, log_};
  RunWatch watch_{EventFile(session_.folder().path(), 0),
                  HeatMapProbe(NoImages(), Config(), torch::kCPU)};
  RunRecorder recorder_{session_, watch_, {"train", 200, 100, RunCounts{.skipped_updates = 1}}};
};

TEST_F(RunRecorderTest, ARecordIsALineAndPointsOfCurves) {
  const JsonRecord record = to_record(test::complete_training_step());
  recorder_.write(record, 5);
  EXPECT_EQ(metrics(), to_json(record) + "\n");
  EXPECT_NE(events().find("loss/train"), std::string::npos);
  // Field 2 of an event is its step, as a varint; field 5, of bytes, the curves' points.
  EXPECT_NE(events().find("\x10\x69\x2A"), std::string::npos);  // 105
}

TEST_F(RunRecorderTest, ARecordWithoutCurvesIsALineAlone) {
  const std::string before = events();
  recorder_.write({{"phase", "operation_weights"}}, 5);
  EXPECT_EQ(metrics(), "{\"phase\":\"operation_weights\"}\n");
  EXPECT_EQ(events(), before);
}

TEST_F(RunRecorderTest, ACheckpointCountsTheRecordsOfWholeMiniBatches) {
  recorder_.begin();
  recorder_.write({{"phase", "train"}}, 0);
  EXPECT_EQ(session_.settled_records(), 0U);
  recorder_.end_step(1, "");
  EXPECT_EQ(session_.settled_records(), 1U);
}

TEST_F(RunRecorderTest, WarnsOfGapsThatAreNew) {
  recorder_.warn_of_gaps({.skipped_updates = 1});
  EXPECT_EQ(log(), "");
  recorder_.warn_of_gaps({.skipped_updates = 3});
  EXPECT_NE(log().find("3 updates were left out so far"), std::string::npos) << log();
  const std::string before = log();
  recorder_.warn_of_gaps({.skipped_updates = 3, .skipped_images = 2});
  EXPECT_NE(log().find("2 images were left out of mini-batches so far", before.size()),
            std::string::npos)
      << log();
}

TEST_F(RunRecorderTest, HeatMapsAreAFileOfTheFolder) {
  recorder_.write_heat_maps(5, std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(session_.folder().path("heat_maps.png")));
  recorder_.write_heat_maps(5, EncodedImage{1, 1, "PNG"});
  EXPECT_EQ(content_of(session_.folder().path("heat_maps.png")), "PNG");
  EXPECT_NE(events().find("saliency"), std::string::npos);
}

TEST(LastStep, OfAnEpochThatIsNotOverIsOneFurther) {
  EpochReport report;
  report.counts.step = 36;
  EXPECT_EQ(last_step(report), 35);
  report.partial = true;
  EXPECT_EQ(last_step(report), 36);
}

}  // namespace
}  // namespace sanas
