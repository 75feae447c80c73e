// SPDX-License-Identifier: Apache-2.0
#include "runs/search/genotype_history.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace sanas {
namespace {

/// A genotype whose cells have two nodes.
Genotype genotype(std::vector<Gene> normal, std::vector<Gene> reduce) {
  return {{std::move(normal), {2, 3}}, {std::move(reduce), {2, 3}}};
}

constexpr auto kSkip = Primitive::kSkipConnect;
constexpr auto kSep = Primitive::kSepConv3x3;
constexpr auto kPool = Primitive::kMaxPool3x3;

const std::vector<Gene> kPools{{kPool, 0}, {kPool, 1}, {kPool, 0}, {kPool, 2}};

TEST(GenotypeChanges, NameNodeOperationAndSource) {
  const auto before = genotype({{kSkip, 0}, {kSep, 1}, {kSep, 0}, {kSep, 2}}, kPools);
  EXPECT_EQ(changes_text(before, genotype({{kSep, 0}, {kSep, 1}, {kSep, 0}, {kSep, 2}}, kPools)),
            "normal: node 2: skip_connect of 0 -> sep_conv_3x3 of 0");
  EXPECT_EQ(changes_text(before, genotype({{kSkip, 0}, {kSep, 1}, {kSep, 0}, {kPool, 1}},
                                          {{kPool, 0}, {kSkip, 1}, {kPool, 0}, {kPool, 2}})),
            "normal: node 3: sep_conv_3x3 of 2 -> max_pool_3x3 of 1; "
            "reduction: node 2: max_pool_3x3 of 1 -> skip_connect of 1");
}

TEST(GenotypeChanges, PairOperationsOfTheSameSource) {
  const auto before = genotype({{kSkip, 0}, {kSep, 1}, {kSep, 0}, {kSep, 2}}, kPools);
  // Both genes of the node are others, and stand the other way round.
  EXPECT_EQ(changes_text(before, genotype({{kPool, 1}, {kSep, 0}, {kSep, 0}, {kSep, 2}}, kPools)),
            "normal: node 2: sep_conv_3x3 of 1 -> max_pool_3x3 of 1, "
            "node 2: skip_connect of 0 -> sep_conv_3x3 of 0");
}

TEST(GenotypeChanges, WhichGeneStandsFirstIsNone) {
  const auto before = genotype({{kSkip, 0}, {kSep, 1}, {kSep, 0}, {kSep, 2}}, kPools);
  EXPECT_EQ(changes_text(before, before), "no change");
  EXPECT_EQ(changes_text(before, genotype({{kSep, 1}, {kSkip, 0}, {kSep, 2}, {kSep, 0}}, kPools)),
            "no change");
}

TEST(GenotypeChanges, TwoAlikeAreNotOne) {
  const auto before = genotype({{kSep, 0}, {kSep, 0}, {kSep, 0}, {kSep, 2}}, kPools);
  EXPECT_EQ(changes_text(before, genotype({{kSep, 0}, {kSkip, 0}, {kSep, 0}, {kSep, 2}}, kPools)),
            "normal: node 2: sep_conv_3x3 of 0 -> skip_connect of 0");
}

class History : public testing::Test {
 protected:
  void write(const std::string& line) { std::ofstream(path_, std::ios::app) << line << '\n'; }
  void write_epoch(int64_t stage, int64_t epoch, const Genotype& found) {
    write(R"({"phase":"search_epoch","stage":)" + std::to_string(stage) + R"(,"epoch":)" +
          std::to_string(epoch) + R"(,"genotype":")" + to_string(found) + R"("})");
  }

  test::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "metrics.jsonl";
  Genotype skip_ = genotype({{kSkip, 0}, {kSep, 1}, {kSep, 0}, {kSep, 2}}, kPools);
  Genotype sep_ = genotype({{kSep, 0}, {kSep, 1}, {kSep, 0}, {kSep, 2}}, kPools);
  const std::string kToSep = "normal: node 2: skip_connect of 0 -> sep_conv_3x3 of 0";
};

TEST_F(History, OfANewRunBeginsWithItsFirstEpoch) {
  GenotypeHistory history(path_, 0);
  EXPECT_EQ(history.changes(0, skip_), "");
  history.add(0, skip_);
  EXPECT_EQ(history.changes(1, sep_), kToSep);
  EXPECT_EQ(history.changes(0, sep_), "") << "the same epoch again is compared with none";
  EXPECT_EQ(history.changes(2, sep_), "") << "the epoch before is not known";
}

TEST_F(History, GoesOnWithTheEpochsThatTheRunHasWritten) {
  write_epoch(0, 0, sep_);
  write(R"({"phase":"search","stage":0,"epoch":1,"step":3})");
  write_epoch(0, 1, sep_);
  write_epoch(0, 1, skip_);  // done again
  write_epoch(1, 1, sep_);   // of another stage
  write("no JSON");
  GenotypeHistory history(path_, 0);
  EXPECT_EQ(history.changes(2, sep_), kToSep);
  EXPECT_EQ(history.changes(1, sep_), "no change");
  EXPECT_EQ(GenotypeHistory(path_, 1).changes(2, sep_), "no change");
}

TEST_F(History, OfAStageBeginsAnew) {
  write_epoch(0, 0, skip_);
  EXPECT_EQ(GenotypeHistory(path_, 1).changes(1, sep_), "");
}

}  // namespace
}  // namespace sanas
