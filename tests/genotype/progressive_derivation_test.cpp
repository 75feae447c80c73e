// SPDX-License-Identifier: Apache-2.0
#include "genotype/progressive_derivation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sanas/core/error.h"
#include "support/cells.h"

namespace sanas {
namespace {

SearchSpace next_stage(const SearchSpace& space, int stage, int64_t keep,
                       DropOrder order = DropOrder::kWeakestFirst) {
  return drop_operations(space, golden_pdarts_alphas(space, stage, false).softmax(-1),
                         golden_pdarts_alphas(space, stage, true).softmax(-1), keep, order);
}

/// The space of the last stage in darts-family §13.6.
SearchSpace golden_last_space() {
  return next_stage(next_stage(make_search_space("darts"), 0, 5), 1, 3);
}

std::vector<SkipLimitedGenotype> golden_genotypes() {
  const auto space = golden_last_space();
  return derive_pdarts(space, golden_pdarts_alphas(space, 2, false).softmax(-1),
                       golden_pdarts_alphas(space, 2, true).softmax(-1));
}

// darts-family §13.6.
TEST(DropOperations, GoldenStages) {
  const auto second = next_stage(make_search_space("darts"), 0, 5);
  EXPECT_EQ(second.normal, edges_of("01345 01347 03467 02367 23567 12356 01345 01347 03467 02367 "
                                    "23567 12356 12345 01347"));
  EXPECT_EQ(second.reduce, edges_of("03467 02367 23567 12456 01245 01457 03467 02367 23567 12356 "
                                    "01245 01457 01347 02367"));
  const auto third = next_stage(second, 1, 3);
  EXPECT_EQ(third.normal, edges_of("034 037 367 236 235 135 034 037 367 236 235 135 134 037"));
  EXPECT_EQ(third.reduce, edges_of("367 236 256 145 014 047 367 236 256 125 014 047 037 236"));
  const auto last = next_stage(third, 2, 1, DropOrder::kNoneFirst);
  EXPECT_EQ(last.normal, edges_of("3 3 3 2 5 3 3 3 3 2 5 1 3 3"));
  EXPECT_EQ(last.reduce, edges_of("6 2 5 4 4 7 6 2 5 1 4 7 3 2"));
}

TEST(DropOperations, TiesDropTheLowestColumn) {
  const auto zeros = torch::zeros({14, 8});
  const auto space = drop_operations(make_search_space("darts"), zeros, zeros, 5);
  EXPECT_THAT(space.normal, testing::Each(edges_of("34567").front()));
}

TEST(DropOperations, NoneGoesFirstOnlyInTheLastStage) {
  const auto space = make_search_space("s3");
  const auto weights = torch::tensor({0.5, 0.2, 0.3}).expand({14, 3});
  EXPECT_THAT(drop_operations(space, weights, weights, 1).normal,
              testing::Each(edges_of("0").front()));
  EXPECT_THAT(drop_operations(space, weights, weights, 1, DropOrder::kNoneFirst).normal,
              testing::Each(edges_of("4").front()));
}

TEST(DropOperations, CantKeepMoreThanThereAre) {
  const auto weights = torch::zeros({14, 2});
  EXPECT_THROW(drop_operations(make_search_space("s2"), weights, weights, 3), ConfigError);
  EXPECT_THROW(drop_operations(make_search_space("s2"), weights, weights, 0), ConfigError);
}

// darts-family §13.6.
TEST(PdartsDerivation, GoldenGenotypesForEverySkipLimit) {
  const std::map<int, const char*> published{
      {7, "skip@0 skip@1 | skip@0 sep5@2 | skip@2 skip@3 | skip@3 skip@4"},
      {6, "sep3@0 skip@1 | skip@0 sep5@2 | skip@2 skip@3 | skip@3 skip@4"},
      {5, "sep3@0 skip@1 | avg@1 sep5@2 | skip@2 skip@3 | skip@3 skip@4"},
      {4, "sep3@0 skip@1 | avg@1 sep5@2 | max@0 skip@2 | skip@3 skip@4"},
      {3, "sep3@0 skip@1 | avg@1 sep5@2 | max@0 skip@2 | sep5@1 skip@4"},
      {2, "sep3@0 skip@1 | avg@1 sep5@2 | max@0 skip@2 | avg@0 sep5@1"},
      {1, "sep3@0 skip@1 | avg@1 sep5@2 | max@0 dil3@3 | avg@0 sep5@1"},
      {0, "sep3@0 dil5@1 | avg@1 sep5@2 | max@0 dil3@3 | avg@0 sep5@1"}};
  const auto reduce = cell_of("dil3@0 avg@1 | sep5@0 sep3@1 | avg@2 sep5@3 | max@0 skip@3");
  const auto genotypes = golden_genotypes();
  ASSERT_EQ(genotypes.size(), published.size());
  int limit = 7;
  for (const auto& found : genotypes) {
    EXPECT_EQ(found.max_skips, limit);
    EXPECT_TRUE(found.reached);
    EXPECT_EQ(found.genotype.normal, cell_of(published.at(limit))) << limit;
    EXPECT_EQ(found.genotype.reduce, reduce);
    --limit;
  }
}

TEST(PdartsDerivation, ProductIsTheGenotypeWithThatManySkips) {
  const auto genotypes = golden_genotypes();
  EXPECT_EQ(with_skip_limit(genotypes, 2).max_skips, 2);
  EXPECT_EQ(count_skips(with_skip_limit(genotypes, 2).genotype.normal), 2);
  EXPECT_EQ(with_skip_limit(genotypes, 8).max_skips, 7);
}

// darts-family §13.6, its last line: operations tie to the highest column, edges to the highest
// source.
TEST(PdartsDerivation, TiesGoToTheHigherColumnAndSource) {
  auto space = make_search_space("darts");
  for (const int64_t keep : {5, 3}) {
    const auto zeros = torch::zeros({14, space.operations()}).softmax(-1);
    space = drop_operations(space, zeros, zeros, keep);
  }
  const auto zeros = torch::zeros({14, 3}).softmax(-1);
  const auto genotypes = derive_pdarts(space, zeros, zeros);
  ASSERT_EQ(genotypes.size(), 1);
  EXPECT_EQ(genotypes[0].max_skips, 0);
  EXPECT_EQ(genotypes[0].genotype.normal,
            cell_of("dil5@0 dil5@1 | dil5@1 dil5@2 | dil5@2 dil5@3 | dil5@3 dil5@4"));
}

TEST(PdartsDerivation, NoneDoesNotScoreItsEdge) {
  // Node 1: the edge of source 2 is strong by `none` alone, so sources 0 and 1 stay.
  auto weights = torch::tensor({0.2F, 0.3F, 0.5F}).repeat({14, 1});
  weights[4] = torch::tensor({0.8F, 0.05F, 0.15F});
  const auto found = derive_pdarts(make_search_space("s3"), weights, weights);
  EXPECT_EQ(found.front().genotype.normal.genes[2].source, 0);
  EXPECT_EQ(found.front().genotype.normal.genes[3].source, 1);
}

TEST(PdartsDerivation, WeakestSkipTieGoesToTheLowestEdge) {
  // Skips win everywhere with the same weight; limits remove the edges from the front.
  const auto weights = torch::tensor({0.6F, 0.4F}).repeat({14, 1});
  const auto found = derive_pdarts(make_search_space("s2"), weights, weights);
  ASSERT_EQ(found.front().max_skips, 8);
  EXPECT_EQ(found[1].genotype.normal,
            cell_of("sep3@0 skip@1 | skip@1 skip@2 | skip@2 skip@3 | skip@3 skip@4"));
}

TEST(PdartsDerivation, UnderflowedSkipsEndTheRestriction) {
  // Skips are all that some edges have, so their number can't fall below 2 for node 0.
  auto space = make_search_space("s2");
  for (auto& edge : space.normal) {
    edge = {Primitive::kSkipConnect, Primitive::kNone};
  }
  const auto weights = torch::tensor({0.6F, 0.4F}).repeat({14, 1});
  const auto found = derive_pdarts(space, weights, weights);
  EXPECT_TRUE(found.front().reached);
  EXPECT_FALSE(found.back().reached);
  EXPECT_EQ(found.back().max_skips, 0);
  EXPECT_EQ(count_skips(found.back().genotype.normal), 8);
}

TEST(PdartsDerivation, MarginIsTheNarrowestChoice) {
  // One node with two edges, no skips: the leads of the chosen operations are 0.2 and 0.1.
  SearchSpace space{"test", CellTopology{1}, {}, {}};
  space.normal = space.reduce = EdgeCandidates(2, {Primitive::kSepConv3x3, Primitive::kDilConv3x3});
  const auto weights = torch::tensor({0.6F, 0.4F, 0.45F, 0.55F}).view({2, 2});
  EXPECT_NEAR(pdarts_derivation_margin(space, weights, weights, 2), 0.1, 1e-6);
  EXPECT_EQ(pdarts_derivation_margin(space, torch::full({2, 2}, 0.5), weights, 2), 0.0);
}

}  // namespace
}  // namespace sanas
