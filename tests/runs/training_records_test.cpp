// SPDX-License-Identifier: Apache-2.0
#include "runs/evaluation/training_records.h"

#include <gtest/gtest.h>

#include "runs/complete_records.h"

namespace sanas {
namespace {

using test::complete_training_epoch;
using test::complete_training_step;

TEST(TrainingRecords, AMiniBatchHasItsUpdate) {
  EXPECT_EQ(to_json(to_record(complete_training_step())),
            R"({"phase":"train","epoch":2,"step":30,"learning_rate":0.025,"drop_path":0.125,)"
            R"("loss":1.5,"top1":0.25,"gradient_norm":3.0,"seconds":0.5})");
}

TEST(TrainingRecords, AnEpochHasMeansAndCounts) {
  TrainEpochReport report = complete_training_epoch();
  report.validation.reset();
  report.test.reset();
  EXPECT_EQ(to_json(to_record(report, 4096)),
            R"({"phase":"train_epoch","epoch":2,"step":36,"learning_rate":0.025,)"
            R"("loss":0.5,"top1":0.5,"top5":1.0,"peak_memory_bytes":4096,"skipped_updates":1,)"
            R"("rollbacks":2,"skipped_images":3,"seconds":8.0})");
}

TEST(TrainingRecords, AnEpochSaysWhatItWasTestedOn) {
  const std::string line = to_json(to_record(complete_training_epoch(), 4096));
  // Logits (1, 0) for both labels: (ln(1 + 1/e) + ln(1 + e)) / 2 = 0.813262.
  const std::string means = R"(_loss":0.81326)";
  EXPECT_NE(line.find(R"("validation)" + means), std::string::npos) << line;
  EXPECT_NE(line.find(R"("test)" + means), std::string::npos) << line;
  EXPECT_NE(line.find(R"("validation_top1":0.5,"validation_top5":1.0,"validation_images":2,)"
                      R"("validation_skipped_images":0,"test_loss")"),
            std::string::npos)
      << line;
  EXPECT_NE(line.find(R"("test_images":2,"test_skipped_images":5,"peak_memory_bytes")"),
            std::string::npos)
      << line;
}

TEST(TrainingRecords, PeopleReadAMiniBatchAndAnEpochInOneLine) {
  EXPECT_EQ(progress_text(complete_training_step()),
            "epoch 3  loss 1.500  top-1 25.0 %  16 images/s");
  EXPECT_EQ(log_text(complete_training_epoch()),
            "epoch 3/600: training 0.5000 (50.00 %), validation 0.8133 (50.00 %), test 0.8133 "
            "(50.00 %) on 2 images, 5 can't be decoded, 8.0 s");
}

TEST(TrainingRecords, AMiniBatchWithoutImagesSaysNothing) {
  const TrainStepReport nothing;
  EXPECT_FALSE(has_trained(nothing));
  EXPECT_EQ(progress_text(nothing), "");
}

}  // namespace
}  // namespace sanas
