// SPDX-License-Identifier: Apache-2.0
#include "sanas/genotype/derivation.h"

#include <gtest/gtest.h>

#include <limits>

#include "sanas/core/error.h"
#include "support/cells.h"

namespace sanas {
namespace {

CellGenotype derive_darts(bool reduction, const torch::Tensor& weights) {
  const auto space = make_search_space("darts");
  return derive_darts_cell(space.cell(reduction), space.topology, weights);
}

CellGenotype derive_prdarts(bool reduction, const torch::Tensor& weights) {
  const auto space = make_search_space("prdarts");
  return derive_prdarts_cell(space.cell(reduction), space.topology, weights);
}

torch::Tensor equal_weights() { return torch::full({14, 8}, 0.125); }

// darts-family §13.2.
TEST(Derivation, DartsGoldenGenotype) {
  EXPECT_EQ(derive_darts(false, golden_alphas(false).softmax(-1)),
            cell_of("max@0 sep3@1 | avg@2 dil5@0 | sep5@0 max@1 | avg@1 sep5@2"));
  EXPECT_EQ(derive_darts(true, golden_alphas(true).softmax(-1)),
            cell_of("skip@1 skip@0 | dil3@1 skip@0 | dil5@3 sep3@2 | sep5@3 avg@1"));
}

// darts-family §2.3.
TEST(Derivation, TiesGoToTheLowerSourceAndColumn) {
  EXPECT_EQ(derive_darts(false, equal_weights()),
            cell_of("max@0 max@1 | max@0 max@1 | max@0 max@1 | max@0 max@1"));
}

TEST(Derivation, NoneIsNeverChosenButWeakensItsEdge) {
  // Node 1: `none` takes weight from the edge of source 0, so that the others win.
  auto alphas = torch::zeros({14, 8});
  alphas[2][0] = 5.0;
  EXPECT_EQ(derive_darts(false, alphas.softmax(-1)),
            cell_of("max@0 max@1 | max@1 max@2 | max@0 max@1 | max@0 max@1"));
}

TEST(Derivation, StrongerEdgeComesFirst) {
  auto weights = equal_weights();
  weights[1][5] = 0.2;  // node 0, source 1
  weights[8][3] = 0.2;  // node 2, source 3
  weights[6][7] = 0.3;  // node 2, source 1
  EXPECT_EQ(derive_darts(false, weights),
            cell_of("sep5@1 max@0 | max@0 max@1 | dil5@1 skip@3 | max@0 max@1"));
}

TEST(Derivation, ComparesInSinglePrecision) {
  auto weights = equal_weights().to(torch::kDouble);
  weights[1][5] = 0.125 + 1e-12;  // the same float as 0.125
  EXPECT_EQ(derive_darts(false, weights).genes[0], (Gene{Primitive::kMaxPool3x3, 0}));
}

TEST(Derivation, MarginIsTheNarrowestChoice) {
  // Three edges into node 1 of a cell of two nodes, two operations per edge.
  const EdgeCandidates edges(5, {Primitive::kSkipConnect, Primitive::kSepConv3x3});
  auto weights =
      torch::tensor({0.9F, 0.1F, 0.8F, 0.2F, 0.75F, 0.25F, 0.3F, 0.7F, 0.6F, 0.4F}).view({5, 2});
  // Leads of the chosen edges: 0.8, 0.6, 0.5, 0.4; between edges of node 1: 0.7 − 0.6.
  EXPECT_NEAR(derivation_margin(edges, CellTopology{2}, weights), 0.1, 1e-6);
  weights[1][1] = 0.75F;
  EXPECT_NEAR(derivation_margin(edges, CellTopology{2}, weights), 0.05, 1e-6);
  EXPECT_EQ(derivation_margin(edges, CellTopology{2}, torch::full({5, 2}, 0.5)), 0.0);
}

TEST(Derivation, NonFiniteWeightsAreRefused) {
  auto weights = equal_weights();
  weights[3][3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(derive_darts(false, weights), NonFiniteError);
  EXPECT_THROW(derive_prdarts(false, weights), NonFiniteError);
}

// darts-family §13.7: both entries of node 1 come from source 2.
TEST(PrdartsDerivation, GoldenGenotype) {
  EXPECT_EQ(derive_prdarts(false, golden_alphas(false).softmax(-1)),
            cell_of("skip@0 dil3@1 | sep3@2 avg@2 | dil5@0 skip@1 | sep3@1 dil5@2"));
  EXPECT_EQ(derive_prdarts(true, golden_alphas(true).softmax(-1)),
            cell_of("sep5@1 sep5@0 | avg@1 sep5@0 | max@3 dil3@2 | dil5@3 sep3@1"));
}

// darts-family §9.5.
TEST(PrdartsDerivation, TiesGoToTheLowerSourceThenColumn) {
  EXPECT_EQ(derive_prdarts(false, equal_weights()),
            cell_of("skip@0 sep3@0 | skip@0 sep3@0 | skip@0 sep3@0 | skip@0 sep3@0"));
  auto weights = equal_weights();
  weights[4][6] = 0.2;  // node 1, source 2: average pooling
  EXPECT_EQ(derive_prdarts(false, weights),
            cell_of("skip@0 sep3@0 | avg@2 skip@0 | skip@0 sep3@0 | skip@0 sep3@0"));
}

TEST(PrdartsDerivation, NoneIsNeverChosen) {
  auto weights = equal_weights();
  weights.select(1, 0).fill_(0.9);
  EXPECT_EQ(derive_prdarts(false, weights),
            cell_of("skip@0 sep3@0 | skip@0 sep3@0 | skip@0 sep3@0 | skip@0 sep3@0"));
}

TEST(PrdartsDerivation, MarginIsBetweenTheSecondAndTheThirdPair) {
  const EdgeCandidates edges(2,
                             {Primitive::kNone, Primitive::kSkipConnect, Primitive::kSepConv3x3});
  const auto weights = torch::tensor({0.45F, 0.3F, 0.25F, 0.3F, 0.15F, 0.55F}).view({2, 3});
  // Pairs without `none`: 0.55, 0.3, 0.25, 0.15.
  EXPECT_NEAR(prdarts_derivation_margin(edges, CellTopology{1}, weights), 0.05, 1e-6);
}

}  // namespace
}  // namespace sanas
