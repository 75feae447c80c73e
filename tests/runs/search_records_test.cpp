// SPDX-License-Identifier: Apache-2.0
#include "runs/search/search_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runs/complete_records.h"
#include "sanas/supernet/factory.h"

namespace sanas {
namespace {

using test::complete_epoch;
using test::complete_step;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> keys_of(const JsonRecord& record) {
  std::vector<std::string> keys;
  for (const auto& member : record) {
    keys.push_back(member.first);
  }
  return keys;
}

TEST(SearchRecords, AMiniBatchHasTheValuesOfEveryUpdate) {
  EXPECT_EQ(to_json(to_record(complete_step(), 1, SearchMethod::kSanas)),
            R"({"phase":"search","stage":1,"epoch":2,"step":30,"learning_rate":0.025,)"
            R"("train1_loss":1.5,"train1_top1":0.25,"train1_gradient_norm":3.0,"train1_passes":2,)"
            R"("train1_seconds":0.125,"train1_peak_memory_bytes":1024,)"
            R"("train2_loss":2.5,"train2_top1":0.75,"train2_gradient_norm":4.0,"train2_passes":3,)"
            R"("train2_seconds":0.25,"train2_peak_memory_bytes":2048,"train2_unmoved_images":1,)"
            R"("validation1_loss":1.25,"hypergradient_norm":5.0,)"
            R"("norm_d1":0.5,"cosine_d1":0.0,"norm_I1":2.5,"cosine_I1":0.25,)"
            R"("validation2_loss":2.25,"attack_loss":16.0,)"
            R"("norm_d2":1.5,"cosine_d2":0.125,"norm_I2":3.5,"cosine_I2":0.375,)"
            R"("norm_I3":4.5,"cosine_I3":0.5,"norm_I4":5.5,"cosine_I4":0.625,)"
            R"("architecture_passes":17,"architecture_seconds":0.5,)"
            R"("architecture_peak_memory_bytes":4096})");
}

TEST(SearchRecords, APlainSearchHasNoValuesOfAttackAndSecondNetwork) {
  StepReport report = complete_step();
  report.weights2.reset();
  const auto keys = keys_of(to_record(report, 0, SearchMethod::kPlain));
  EXPECT_THAT(keys, AllOf(Contains("norm_d1"), Contains("cosine_I1"), Contains("train1_loss")));
  for (const char* part : {"train2", "validation2", "attack", "d2", "I2", "I3", "I4"}) {
    EXPECT_THAT(keys, Not(Contains(HasSubstr(part))));
  }
}

TEST(SearchRecords, AMiniBatchWithoutUpdatesHasItsPlaceAlone) {
  EXPECT_THAT(keys_of(to_record(StepReport(), 0, SearchMethod::kSanas)),
              ElementsAre("phase", "stage", "epoch", "step", "learning_rate"));
}

TEST(SearchRecords, AnEpochHasMeansGenotypeAndCounts) {
  const EpochReport report = complete_epoch();
  EXPECT_EQ(to_json(to_record(report, 1, {.parameters = 7, .macs = 9}, 4096)),
            R"({"phase":"search_epoch","stage":1,"epoch":2,"step":36,"learning_rate":0.025,)"
            R"("train1_loss":0.5,"train1_top1":0.5,"train2_loss":0.5,"train2_top1":0.5,)"
            R"("validation1_loss":0.5,"validation1_top1":0.5,"validation_images":4,)"
            R"("validation_skipped_images":4,"eigenvalue":0.75,"genotype":")" +
                to_string(report.genotype) +
                R"(","skips_normal":2,"skips_reduce":3,"margin":0.125,"architecture_change":0.25,)"
                R"("entropy":2.0,"parameters":7,"macs":9,"skipped_updates":1,"rollbacks":2,)"
                R"("skipped_images":3,"peak_memory_bytes":4096,"seconds":8.0})");
}

TEST(SearchRecords, AnEpochLacksWhatWasNotMeasured) {
  EpochReport report = complete_epoch();
  report.train2 = {};
  report.validation.reset();
  report.eigenvalue.reset();
  const auto keys = keys_of(to_record(report, 0, {}, 0));
  EXPECT_THAT(keys, Contains("train1_loss"));
  for (const char* part : {"train2", "validation", "eigenvalue"}) {
    EXPECT_THAT(keys, Not(Contains(HasSubstr(part))));
  }
}

TEST(SearchRecords, OperationWeightsAreADistributionOnEachEdge) {
  SupernetChoice choice;
  choice.options.channels = 2;
  choice.options.cells = 3;
  const auto space = make_search_space(choice);
  const auto net = make_supernet(choice, space, make_architecture(choice, space, 1e-3));
  const auto record =
      nlohmann::json::parse(to_json(operation_weights_record(complete_epoch(), 1, *net)));
  EXPECT_EQ(record["phase"], "operation_weights");
  EXPECT_EQ(record["stage"], 1);
  EXPECT_EQ(record["step"], 36);
  for (const char* cell : {"normal", "reduce"}) {
    ASSERT_EQ(record[cell].size(), 14U);  // 2 + 3 + 4 + 5 edges
    for (const auto& edge : record[cell]) {
      double sum = 0.0;
      for (const auto& weight : edge) {
        sum += weight.get<double>();
      }
      EXPECT_NEAR(sum, 1.0, 1e-6);
      EXPECT_TRUE(edge.contains("sep_conv_3x3"));
    }
  }
}

TEST(SearchRecords, PeopleReadAMiniBatchAndAnEpochInOneLine) {
  EXPECT_EQ(progress_text(complete_step()), "epoch 3  loss 1.500  top-1 25.0 %");
  EXPECT_EQ(progress_text(StepReport()), "");
  EpochReport report = complete_epoch();
  EXPECT_EQ(log_text(report, 3'349'342, "normal: no"),
            "epoch 3/50: training 0.5000 (50.00 %), validation 0.5000 (50.00 %) on 4 images, 4 "
            "can't be decoded, 2 normal and 3 reduction skips, 3.349 M parameters, margin "
            "1.25e-01, 8.0 s; normal: no");
  report.validation.reset();
  EXPECT_EQ(log_text(report, 12'345, ""),
            "epoch 3/50: training 0.5000 (50.00 %), 2 normal and 3 reduction skips, 0.012 M "
            "parameters, margin 1.25e-01, 8.0 s");
}

TEST(SearchRecords, LevelsAreEquallyWide) {
  EXPECT_EQ(level_text(SearchLevel::kWeights1), "W1  ");
  EXPECT_EQ(level_text(SearchLevel::kWeights2),
            "\xce\xb4/W2");  // four characters, one of two bytes
  EXPECT_EQ(level_text(SearchLevel::kArchitecture), "A   ");
}

TEST(SearchRecords, AStageIsNamedWhereThereAreSeveral) {
  EXPECT_EQ(of_stage(1, 3), " of stage 2 of 3");
  EXPECT_EQ(of_stage(0, 1), "");
}

}  // namespace
}  // namespace sanas
